import { Pencil } from "lucide-react";
import { useState } from "react";
import { RichText } from "@/entities/ticket/rich-text";
import { Button } from "@/ui/button";
import { DraftMark, DraftNote } from "@/ui/draft-note";
import { isEscape, isSubmit } from "@/ui/enter-key";
import { Textarea } from "@/ui/field";
import { Notice } from "@/ui/states";
import { useDraft } from "@/ui/use-draft";

interface Props {
  text: string;
  /** The place at which an unsaved description is kept. */
  draft: string;
  editable: boolean;
  editing: boolean;
  onEditing: (editing: boolean) => void;
  onSave: (text: string) => Promise<boolean>;
}

const MIN_LENGTH = 10;

export function Description({ text, draft, editable, editing, onEditing, onSave }: Props) {
  return (
    <section aria-labelledby="description-heading">
      <div className="mb-1.5 flex items-center gap-2">
        <h3 id="description-heading" className="mr-auto font-semibold text-muted-foreground text-xs">
          Description
        </h3>
        {editable && !editing && <DraftMark place={draft} onOpen={() => onEditing(true)} />}
        {editable && !editing && (
          <Button variant="ghost" size="sm" onClick={() => onEditing(true)}>
            <Pencil className="size-3.5!" /> Edit
          </Button>
        )}
      </div>
      {editing ? (
        <Editor text={text} place={draft} onSave={onSave} onClose={() => onEditing(false)} />
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
  place: string;
  onSave: (text: string) => Promise<boolean>;
  onClose: () => void;
}

function Editor({ text, place, onSave, onClose }: EditorProps) {
  const draft = useDraft(place, text);
  const [busy, setBusy] = useState(false);
  const hasConflict = draft.baseChanged;
  const isShort = draft.value.trim().length < MIN_LENGTH;

  const save = async () => {
    if (isShort || busy) return;
    setBusy(true);
    if (!draft.edited || (await onSave(draft.value))) {
      draft.clear();
      onClose();
    } else setBusy(false);
  };
  return (
    <div data-draft className="grid gap-2">
      <DraftNote draft={{ ...draft, baseChanged: false }} />
      {hasConflict && (
        <Notice tone="warning">
          The description was changed since you began to edit it. Saving overwrites that version.{" "}
          <button type="button" className="underline underline-offset-2" onClick={draft.clear}>
            Use the new version
          </button>
        </Notice>
      )}
      <Textarea
        aria-label="Description"
        value={draft.value}
        rows={Math.min(24, Math.max(8, draft.value.split("\n").length + 1))}
        autoFocus
        className="font-mono text-xs"
        onChange={(event) => draft.set(event.target.value)}
        onKeyDown={(event) => {
          if (isEscape(event)) {
            event.preventDefault();
            onClose();
          }
          if (isSubmit(event)) void save();
        }}
      />
      <div className="flex items-center gap-2">
        <Button variant="primary" size="sm" disabled={busy || isShort} onClick={() => void save()}>
          {hasConflict ? "Overwrite" : "Save"}
        </Button>
        <Button variant="ghost" size="sm" onClick={onClose}>
          Cancel
        </Button>
        <span className="ml-auto text-2xs text-muted-foreground">
          {isShort ? `At least ${MIN_LENGTH} characters` : "Markdown. Ctrl+Enter saves"}
        </span>
      </div>
    </div>
  );
}
