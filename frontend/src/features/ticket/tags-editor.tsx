import { Plus, X } from "lucide-react";
import { useState } from "react";
import { isEnter, isEscape } from "@/ui/enter-key";
import { Input } from "@/ui/field";

interface Props {
  tags: readonly string[];
  editable: boolean;
  onSave: (tags: string[]) => void;
}

export function TagsEditor({ tags, editable, onSave }: Props) {
  const [draft, setDraft] = useState<string | null>(null);
  const add = () => {
    const next = (draft ?? "")
      .split(",")
      .map((tag) => tag.trim())
      .filter((tag) => tag && !tags.includes(tag));
    setDraft(null);
    if (next.length > 0) onSave([...tags, ...new Set(next)]);
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
                onClick={() => onSave(tags.filter((other) => other !== tag))}
              >
                <X className="size-3" />
              </button>
            )}
          </li>
        ))}
        {editable && draft === null && (
          <li>
            <button
              type="button"
              aria-label="Add tag"
              onClick={() => setDraft("")}
              className="grid size-6 place-items-center rounded-md border border-dashed border-border-strong text-muted-foreground hover:bg-muted"
            >
              <Plus className="size-3.5" />
            </button>
          </li>
        )}
      </ul>
      {draft !== null && (
        <Input
          aria-label="New tag"
          autoFocus
          className="mt-1.5"
          placeholder="Tags, separated by commas"
          value={draft}
          onChange={(event) => setDraft(event.target.value)}
          onBlur={add}
          onKeyDown={(event) => {
            if (isEnter(event)) add();
            if (isEscape(event)) {
              event.preventDefault();
              setDraft(null);
            }
          }}
        />
      )}
    </section>
  );
}
