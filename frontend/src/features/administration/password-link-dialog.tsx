import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { explain, users } from "@/api";
import type { Account } from "@/api/types";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Field, NativeSelect, SwitchRow } from "@/ui/field";
import { SecretDialog } from "@/ui/secret-dialog";
import { Notice } from "@/ui/states";
import { formatTime } from "@/ui/time";

const LIFETIMES: ReadonlyArray<readonly [number, string]> = [
  [1, "1 hour"],
  [24, "1 day"],
  [168, "7 days"],
];

/** Makes a link with which a person chooses a new password, and shows it once. */
export function PasswordLinkDialog({ person, onClose }: { person: Account; onClose: () => void }) {
  const [hours, setHours] = useState(24);
  const [revokeKeys, setRevokeKeys] = useState(false);
  const create = useMutation({ mutationFn: () => users.createPasswordLink(person.id, hours, revokeKeys) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  const made = create.data;
  if (made) {
    return (
      <SecretDialog
        title={`Password link for ${person.name}`}
        description={`Copy it now and hand it over yourself: it is not shown again, and nothing is sent. It can be used once, until ${formatTime(made.expires_at)}.`}
        label="Password link"
        secret={made.url ?? `${window.location.origin}/reset-password?token=${made.token}`}
        onClose={onClose}
      >
        <p className="mt-3 text-muted-foreground text-xs">
          Their sessions end when they have chosen a new password. A new link for {person.name} replaces this one.
        </p>
      </SecretDialog>
    );
  }
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Reset the password of ${person.name}?`}
      description="You get a link with which they choose a new password. Until they use it, the old one works."
    >
      <form onSubmit={submit} className="grid gap-4">
        <Field label="The link works for">
          {(control) => (
            <NativeSelect {...control} value={hours} onChange={(event) => setHours(Number(event.target.value))}>
              {LIFETIMES.map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </NativeSelect>
          )}
        </Field>
        <SwitchRow
          label="Revoke their keys too"
          hint="If somebody else may have known the password. It stops the keys that they hold or made."
          checked={revokeKeys}
          onChange={setRevokeKeys}
        />
        {create.isError && <Notice tone="danger">{explain(create.error)}</Notice>}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" disabled={create.isPending}>
            Create link
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
