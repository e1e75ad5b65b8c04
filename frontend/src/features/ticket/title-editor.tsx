import { useState } from "react";
import { DraftMark, DraftNote } from "@/ui/draft-note";
import { isEnter, isEscape } from "@/ui/enter-key";
import { Textarea } from "@/ui/field";
import { VisibleText } from "@/ui/invisible";
import { useDraft } from "@/ui/use-draft";

interface Props {
  title: string;
  /** The place at which an unsaved title is kept. */
  draft: string;
  editable: boolean;
  onSave: (title: string) => Promise<boolean>;
}

const MIN_TITLE_LENGTH = 3;

export function TitleEditor({ title, draft: place, editable, onSave }: Props) {
  const [editing, setEditing] = useState(false);
  const [saving, setSaving] = useState(false);
  const save = async (text: string) => {
    setSaving(true);
    const saved = await onSave(text);
    setSaving(false);
    return saved;
  };
  if (editing && editable)
    return <Editor title={title} place={place} onSave={save} onClose={() => setEditing(false)} />;
  return (
    <div>
      <h2 dir="auto" className="font-semibold text-lg leading-snug tracking-tight [overflow-wrap:anywhere]">
        {editable ? (
          <button
            type="button"
            title="Edit the title"
            onClick={() => setEditing(true)}
            className="-mx-1.5 rounded-md px-1.5 py-0.5 text-start hover:bg-muted"
          >
            <VisibleText text={title} />
          </button>
        ) : (
          <VisibleText text={title} />
        )}
      </h2>
      {editable && !saving && <DraftMark place={place} onOpen={() => setEditing(true)} />}
    </div>
  );
}

interface EditorProps {
  title: string;
  place: string;
  onSave: (title: string) => Promise<boolean>;
  onClose: () => void;
}

function Editor({ title, place, onSave, onClose }: EditorProps) {
  const draft = useDraft(place, title);
  const text = draft.value.replace(/\s+/g, " ").trim();
  const save = async () => {
    onClose();
    if (text === title) draft.clear();
    else if (text.length >= MIN_TITLE_LENGTH && (await onSave(text))) draft.clear();
  };
  return (
    <fieldset
      data-draft
      className="grid gap-1.5"
      onBlur={({ currentTarget, relatedTarget }) => {
        if (!currentTarget.contains(relatedTarget)) void save();
      }}
    >
      <Textarea
        aria-label="Title"
        value={draft.value}
        rows={2}
        maxLength={500}
        autoFocus
        className="min-h-0 font-semibold text-lg leading-snug"
        onChange={(event) => draft.set(event.target.value)}
        onKeyDown={(event) => {
          if (isEscape(event)) {
            event.preventDefault();
            onClose();
          }
          if (isEnter(event)) {
            event.preventDefault();
            void save();
          }
        }}
      />
      <DraftNote draft={draft} what="title" />
    </fieldset>
  );
}
