import { Plus, X } from "lucide-react";
import { useState } from "react";
import { isEnter, isEscape } from "@/ui/enter-key";
import { Input } from "@/ui/field";
import { useDraft } from "@/ui/use-draft";

interface Props {
  ticketId: string;
  tags: readonly string[];
  editable: boolean;
  /** Resolves to whether they were saved. */
  onSave: (tags: string[]) => Promise<boolean>;
}

export function TagsEditor({ ticketId, tags, editable, onSave }: Props) {
  const draft = useDraft(`ticket.${ticketId}.new-tags`, "");
  // What was typed and not added is shown again.
  const [adding, setAdding] = useState(draft.value !== "");
  const [asked, setAsked] = useState(false);
  const add = async () => {
    if (!adding) return;
    const next = draft.value
      .split(",")
      .map((tag) => tag.trim())
      .filter((tag) => tag && !tags.includes(tag));
    setAdding(false);
    if (next.length === 0 || (await onSave([...tags, ...new Set(next)]))) draft.clear();
    else setAdding(true);
  };
  if (tags.length === 0 && !editable) return null;
  return (
    <section aria-labelledby="tags-heading" className="mt-4">
      <h3 id="tags-heading" className="mb-1.5 font-semibold text-muted-foreground text-xs">
        Tags
      </h3>
      <ul className="flex flex-wrap gap-1">
        {tags.map((tag) => (
          <li key={tag} className="flex h-6 max-w-full items-center gap-1 rounded-md bg-muted pr-1 pl-2 text-xs">
            <span dir="auto" className="truncate">
              {tag}
            </span>
            {editable && (
              <button
                type="button"
                aria-label={`Remove tag ${tag}`}
                className="grid size-4 place-items-center rounded text-muted-foreground hover:bg-border"
                onClick={() => void onSave(tags.filter((other) => other !== tag))}
              >
                <X className="size-3" />
              </button>
            )}
          </li>
        ))}
        {editable && !adding && (
          <li>
            <button
              type="button"
              aria-label="Add tag"
              onClick={() => {
                setAsked(true);
                setAdding(true);
              }}
              className="grid size-6 place-items-center rounded-md border border-dashed border-border-strong text-muted-foreground hover:bg-muted"
            >
              <Plus className="size-3.5" />
            </button>
          </li>
        )}
      </ul>
      {editable && adding && (
        <Input
          aria-label="New tag"
          // Only somebody who asked for the field wants the focus there.
          autoFocus={asked}
          className="mt-1.5"
          placeholder="Tags, separated by commas"
          value={draft.value}
          onChange={(event) => draft.set(event.target.value)}
          onBlur={() => void add()}
          onKeyDown={(event) => {
            if (isEnter(event)) void add();
            if (isEscape(event)) {
              event.preventDefault();
              setAdding(false);
            }
          }}
        />
      )}
    </section>
  );
}
