import { PencilLine } from "lucide-react";
import { cn } from "./cn";
import { formatMoment } from "./time";
import type { DraftField } from "./use-draft";
import { useDraftTime } from "./use-draft";

interface Props {
  draft: Pick<DraftField<unknown>, "from" | "baseChanged" | "clear">;
  /** What the draft changes, such as "description". */
  what?: string;
  className?: string;
}

/** Says that a field shows a draft that was found, and whether what it changes has changed since. */
export function DraftNote({ draft, what = "text", className }: Props) {
  if (draft.from === null) return null;
  return (
    <p data-draft-note className={cn("flex flex-wrap items-center gap-x-1.5 text-muted-foreground text-xs", className)}>
      <PencilLine className="size-3.5 shrink-0" aria-hidden="true" />
      <span className="tabular">
        Draft from {formatMoment(draft.from)}
        {draft.baseChanged && `. The ${what} has changed since.`}
      </span>
      <button
        type="button"
        aria-label="Discard draft"
        className="rounded underline underline-offset-2 hover:text-foreground"
        // The field keeps the focus: some save what they hold when they lose it.
        onPointerDown={(event) => event.preventDefault()}
        onClick={(event) => {
          const field = event.currentTarget.closest("[data-draft]")?.querySelector<HTMLElement>("input, textarea");
          draft.clear();
          field?.focus();
        }}
      >
        Discard
      </button>
    </p>
  );
}

/** A draft whose field is closed; opens it. */
export function DraftMark({ place, onOpen }: { place: string; onOpen: () => void }) {
  const at = useDraftTime(place);
  if (at === null) return null;
  return (
    <button
      type="button"
      onClick={onOpen}
      className="flex items-center gap-1.5 rounded px-1 py-0.5 text-muted-foreground text-xs hover:bg-muted hover:text-foreground"
    >
      <PencilLine className="size-3.5 shrink-0" aria-hidden="true" />
      <span className="tabular">Draft from {formatMoment(at)}</span>
    </button>
  );
}
