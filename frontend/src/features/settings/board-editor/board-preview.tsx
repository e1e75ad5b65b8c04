import { ChevronDown } from "lucide-react";
import { type ComponentType, useDeferredValue, useMemo, useState } from "react";
import type { BoardState } from "@/live/state/board";
import { cn } from "@/ui/cn";
import { useMedia } from "@/ui/use-media";
import type { Draft } from "./draft";
import { previewBoard } from "./preview-board";
import { describeCount, ticketsAfter } from "./ticket-count";

export type PreviewColumns = ComponentType<{ board: BoardState }>;

interface Props {
  board: BoardState;
  draft: Draft;
  edited: boolean;
  /** The columns of the board page, which another feature has. */
  Columns: PreviewColumns;
}

/** The board as it will look, above the form while it scrolls. */
export function BoardPreview({ board, draft, edited, Columns }: Props) {
  const roomy = useMedia("(min-width: 640px) and (min-height: 700px)");
  const [chosen, setChosen] = useState<boolean | null>(null);
  const open = chosen ?? roomy;
  const deferred = useDeferredValue(draft);
  const preview = useMemo(() => previewBoard(board, deferred), [board, deferred]);
  return (
    <section
      aria-label="Preview"
      data-testid="board-preview"
      data-sticky
      className="sticky top-0 z-10 border-b bg-background/95 backdrop-blur-sm"
    >
      <div className="mx-auto w-full max-w-6xl px-4">
        <button
          type="button"
          aria-expanded={open}
          onClick={() => setChosen(!open)}
          className="flex h-9 items-center gap-1.5 rounded font-medium text-muted-foreground text-xs hover:text-foreground"
        >
          <ChevronDown className={cn("size-3.5 transition-transform", !open && "-rotate-90")} aria-hidden="true" />
          {edited ? "Preview of your changes" : "The board now"}
        </button>
        {open && (
          <section
            aria-label="Columns of the preview"
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
            tabIndex={0}
            className="scroll-thin relative overflow-x-auto pb-2"
          >
            <ul className="sr-only">
              {deferred.columns.map((column, at) => (
                <li key={column.key}>
                  {preview.config.columns[at]?.name}: {describeCount(ticketsAfter(board, deferred, column))}
                </li>
              ))}
            </ul>
            <div inert className="h-52 w-max [zoom:0.85]">
              <Columns board={preview} />
            </div>
          </section>
        )}
      </div>
    </section>
  );
}
