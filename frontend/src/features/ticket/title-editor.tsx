import { useState } from "react";
import { Textarea } from "@/ui/field";
import { VisibleText } from "@/ui/invisible";

interface Props {
  title: string;
  editable: boolean;
  onSave: (title: string) => Promise<boolean>;
}

const MIN_TITLE_LENGTH = 3;

export function TitleEditor({ title, editable, onSave }: Props) {
  const [draft, setDraft] = useState<string | null>(null);
  if (draft === null) {
    return (
      <h2 className="font-semibold text-lg leading-snug tracking-tight [overflow-wrap:anywhere]">
        {editable ? (
          <button
            type="button"
            title="Edit the title"
            onClick={() => setDraft(title)}
            className="-mx-1.5 rounded-md px-1.5 py-0.5 text-left hover:bg-muted"
          >
            <VisibleText text={title} />
          </button>
        ) : (
          <VisibleText text={title} />
        )}
      </h2>
    );
  }
  const text = draft.replace(/\s+/g, " ").trim();
  const save = async () => {
    setDraft(null);
    if (text !== title && text.length >= MIN_TITLE_LENGTH) await onSave(text);
  };
  return (
    <Textarea
      aria-label="Title"
      value={draft}
      rows={2}
      maxLength={500}
      autoFocus
      className="min-h-0 font-semibold text-lg leading-snug"
      onChange={(event) => setDraft(event.target.value)}
      onBlur={() => void save()}
      onKeyDown={(event) => {
        if (event.key === "Escape") {
          event.preventDefault();
          setDraft(null);
        }
        if (event.key === "Enter") {
          event.preventDefault();
          void save();
        }
      }}
    />
  );
}
