import { LoaderCircle, Search, X } from "lucide-react";
import { RadioGroup } from "radix-ui";
import type { KeyboardEvent, RefObject } from "react";
import type { SearchMode } from "@/api/types";
import { cn } from "@/ui/cn";
import { inputClass } from "@/ui/field";
import { Tooltip } from "@/ui/tooltip";
import { MODE_HINTS, MODE_LABELS } from "./labels";

interface SearchBoxProps {
  text: string;
  onText: (text: string) => void;
  busy: boolean;
  inputRef: RefObject<HTMLInputElement | null>;
  /** Id of the result list that the input controls. */
  listId: string;
  activeId: string | undefined;
  expanded: boolean;
  onKey: (event: KeyboardEvent<HTMLInputElement>) => void;
  /** Called when the focus moves away, but not when the window loses it. */
  onLeave: () => void;
}

export function SearchBox(props: SearchBoxProps) {
  const { text, onText, busy, inputRef, listId, activeId, expanded, onKey, onLeave } = props;
  return (
    <div className="relative min-w-0 flex-1">
      <Search className="pointer-events-none absolute top-2.5 left-3 size-4 text-muted-foreground" aria-hidden="true" />
      <input
        ref={inputRef}
        type="text"
        role="combobox"
        aria-label="Search tickets"
        aria-controls={listId}
        aria-expanded={expanded}
        aria-activedescendant={activeId}
        aria-autocomplete="list"
        autoComplete="off"
        spellCheck={false}
        maxLength={1000}
        placeholder="Search tickets"
        className={cn(inputClass, "h-9 pr-9 pl-9 text-sm")}
        value={text}
        onChange={(event) => onText(event.target.value)}
        onKeyDown={onKey}
        onBlur={(event) => {
          if (document.activeElement !== event.currentTarget) onLeave();
        }}
      />
      {busy ? (
        <LoaderCircle
          className="absolute top-2.5 right-3 size-4 animate-spin text-muted-foreground"
          aria-hidden="true"
        />
      ) : (
        text !== "" && (
          <button
            type="button"
            aria-label="Clear search"
            onClick={() => {
              onText("");
              inputRef.current?.focus();
            }}
            className="absolute top-1.5 right-1.5 grid size-6 place-items-center rounded text-muted-foreground hover:bg-muted"
          >
            <X className="size-4" />
          </button>
        )
      )}
    </div>
  );
}

const MODES: readonly SearchMode[] = ["hybrid", "semantic", "keyword"];

export function ModeSwitch({ mode, onMode }: { mode: SearchMode; onMode: (mode: SearchMode) => void }) {
  return (
    <RadioGroup.Root
      aria-label="Search mode"
      orientation="horizontal"
      value={mode}
      onValueChange={(value) => onMode(value as SearchMode)}
      className="flex h-8 shrink-0 items-center rounded-md border bg-sunken p-0.5"
    >
      {MODES.map((each) => (
        <Tooltip key={each} label={MODE_HINTS[each]}>
          <RadioGroup.Item
            value={each}
            aria-label={`${MODE_LABELS[each]}: ${MODE_HINTS[each]}`}
            className={cn(
              "h-full rounded px-2.5 font-medium text-xs text-muted-foreground hover:text-foreground",
              mode === each && "bg-surface text-foreground shadow-card",
            )}
          >
            {MODE_LABELS[each]}
          </RadioGroup.Item>
        </Tooltip>
      ))}
    </RadioGroup.Root>
  );
}
