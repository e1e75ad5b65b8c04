import { X } from "lucide-react";
import { type ReactNode, useId, useState } from "react";
import { cn } from "@/ui/cn";
import { isEnter } from "@/ui/enter-key";
import { Input } from "@/ui/field";

export function Facet({ title, children }: { title: string; children: ReactNode }) {
  const id = useId();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset's legend cannot be laid out like a heading
    <div role="group" aria-labelledby={id} className="grid gap-1.5">
      <h3 id={id} className="font-semibold text-muted-foreground text-xs">
        {title}
      </h3>
      {children}
    </div>
  );
}

interface Option {
  id: string;
  name: string;
  icon?: ReactNode;
}

interface PillsProps {
  options: readonly Option[];
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
}

const MAX_COLLAPSED = 8;

/** Toggle buttons. A long list shows its first options and the selected ones until it is expanded. */
export function Pills({ options, chosen, onChange }: PillsProps) {
  const [all, setAll] = useState(false);
  const toggle = (id: string) =>
    onChange(chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id]);
  // Values that the board does not have, such as from an old link, stay visible so that they can be removed.
  const unknown = chosen
    .filter((id) => !options.some((option) => option.id === id))
    .map((id): Option => ({ id, name: id }));
  const fitsAll = options.length <= MAX_COLLAPSED + 1;
  const shown =
    all || fitsAll ? options : options.filter(({ id }, index) => index < MAX_COLLAPSED || chosen.includes(id));
  return (
    <div className="flex flex-wrap gap-1">
      {[...shown, ...unknown].map(({ id, name, icon }) => {
        const on = chosen.includes(id);
        return (
          <button
            key={id}
            type="button"
            aria-pressed={on}
            onClick={() => toggle(id)}
            className={cn(
              "flex h-6.5 max-w-full items-center gap-1 rounded-full border px-2 text-xs transition-colors",
              on
                ? "border-primary bg-accent font-medium text-accent-foreground"
                : "border-border-strong bg-surface hover:bg-muted",
            )}
          >
            {icon}
            <span dir="auto" className="truncate">
              {name}
            </span>
          </button>
        );
      })}
      {!fitsAll && (
        <button
          type="button"
          onClick={() => setAll((old) => !old)}
          className="h-6.5 rounded-full px-2 text-muted-foreground text-xs hover:bg-muted hover:text-foreground"
        >
          {all ? "Show less" : `Show ${options.length - MAX_COLLAPSED} more`}
        </button>
      )}
    </div>
  );
}

interface TagsProps {
  tags: readonly string[];
  known: readonly string[];
  onChange: (tags: string[]) => void;
}

/** Tags are free text: suggests those in use and accepts any other. */
export function TagsFacet({ tags, known, onChange }: TagsProps) {
  const [text, setText] = useState("");
  const listId = useId();
  const add = (value: string) => {
    const tag = value.trim();
    setText("");
    if (tag && !tags.includes(tag)) onChange([...tags, tag]);
  };
  return (
    <div className="grid gap-1.5">
      <Input
        aria-label="Filter by tag"
        placeholder="Add tag"
        list={listId}
        value={text}
        onChange={(event) => {
          const { value } = event.target;
          // Picking a suggestion adds the tag without Enter.
          const chosen =
            !(event.nativeEvent as InputEvent).inputType?.startsWith("insertText") && known.includes(value);
          if (chosen) add(value);
          else setText(value);
        }}
        onKeyDown={(event) => {
          if (!isEnter(event)) return;
          event.preventDefault();
          add(text);
        }}
        onBlur={() => add(text)}
      />
      <datalist id={listId}>
        {known
          .filter((tag) => !tags.includes(tag))
          .map((tag) => (
            <option key={tag} value={tag} />
          ))}
      </datalist>
      {tags.length > 0 && (
        <ul className="flex flex-wrap gap-1">
          {tags.map((tag) => (
            <li
              key={tag}
              className="flex h-6 max-w-full items-center gap-0.5 rounded-full bg-accent pr-0.5 pl-2 text-accent-foreground text-xs"
            >
              <span dir="auto" className="truncate">
                {tag}
              </span>
              <button
                type="button"
                aria-label={`Remove tag ${tag}`}
                onClick={() => onChange(tags.filter((other) => other !== tag))}
                className="grid size-5 shrink-0 place-items-center rounded-full hover:bg-border"
              >
                <X className="size-3" />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
