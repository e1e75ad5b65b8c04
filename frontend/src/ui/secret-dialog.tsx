import { Copy } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "./button";
import { copyText } from "./clipboard";
import { Dialog, DialogActions } from "./dialog";
import { Input } from "./field";

interface Props {
  title: string;
  description: string;
  label: string;
  /** Null while there is nothing to show. */
  secret: string | null;
  onClose: () => void;
  children?: ReactNode;
}

/** Shows a secret that cannot be shown again, so that only its button closes it. */
export function SecretDialog({ title, description, label, secret, onClose, children }: Props) {
  const copy = () => {
    if (secret) void copyText(secret);
  };
  return (
    <Dialog
      open={secret !== null}
      onOpenChange={(open) => !open && onClose()}
      title={title}
      description={description}
      className="max-w-xl"
      dismissible={false}
    >
      <Input aria-label={label} readOnly value={secret ?? ""} className="font-mono text-xs" />
      {children}
      <DialogActions>
        <Button onClick={copy}>
          <Copy /> Copy
        </Button>
        <Button variant="primary" onClick={onClose}>
          Done
        </Button>
      </DialogActions>
    </Dialog>
  );
}
