import { Pencil } from "lucide-react";
import { useEffect, useState } from "react";
import { RichText } from "@/entities/ticket/rich-text";
import { Button } from "@/ui/button";
import { Textarea } from "@/ui/field";
import { Notice } from "@/ui/states";

interface Props {
  text: string;
  editable: boolean;
  editing: boolean;
  onEditing: (editing: boolean) => void;
  onSave: (text: string) => Promise<boolean>;
}

const MIN_LENGTH = 10;

export function Description({ text, editable, editing, onEditing, onSave }: Props) {
  return (
    <section aria-labelledby="description-heading">
      <div className="mb-1.5 flex items-center justify-between">
        <h3 id="description-heading" className="font-semibold text-muted-foreground text-xs">
          Description
        </h3>
        {editable && !editing && (
          <Button variant="ghost" size="sm" onClick={() => onEditing(true)}>
            <Pencil className="size-3.5!" /> Edit
          </Button>
        )}
      </div>
      {editing ? (
        <Editor text={text} onSave={onSave} onClose={() => onEditing(false)} />
      ) : text.trim() ? (
        <RichText text={text} />
      ) : (
        <p className="text-muted-foreground">No description.</p>
      )}
    </section>
  );
}

interface EditorProps {
  text: string;
  onSave: (text: string) => Promise<boolean>;
  onClose: () => void;
}

function Editor({ text, onSave, onClose }: EditorProps) {
  const [base, setBase] = useState(text);
  const [draft, setDraft] = useState(text);
  const [busy, setBusy] = useState(false);
  const hasConflict = text !== base;

  // Without edits, the editor follows the latest text.
  useEffect(() => {
    if (draft !== base || text === base) return;
    setBase(text);
    setDraft(text);
  }, [text, base, draft]);

  const save = async () => {
    if (draft.trim().length < MIN_LENGTH || busy) return;
    setBusy(true);
    if (draft === base || (await onSave(draft))) onClose();
    else setBusy(false);
  };
  return (
    <div className="grid gap-2">
      {hasConflict && (
        <Notice tone="warning">
          Someone else changed the description while you were editing. Saving overwrites their version.{" "}
          <button type="button" className="underline underline-offset-2" onClick={() => setDraft(text)}>
            Use their version
          </button>
        </Notice>
      )}
      <Textarea
        aria-label="Description"
        value={draft}
        rows={Math.min(24, Math.max(8, draft.split("\n").length + 1))}
        autoFocus
        className="font-mono text-xs"
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            event.preventDefault();
            onClose();
          }
          if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) void save();
        }}
      />
      <div className="flex items-center gap-2">
        <Button
          variant="primary"
          size="sm"
          disabled={busy || draft.trim().length < MIN_LENGTH}
          onClick={() => void save()}
        >
          {hasConflict ? "Overwrite" : "Save"}
        </Button>
        <Button variant="ghost" size="sm" onClick={onClose}>
          Cancel
        </Button>
        <span className="ml-auto text-2xs text-muted-foreground">
          {draft.trim().length < MIN_LENGTH ? `At least ${MIN_LENGTH} characters` : "Markdown. Ctrl+Enter saves"}
        </span>
      </div>
    </div>
  );
}
