import { MessageSquarePlus } from "lucide-react";
import type { MouseEvent, ReactNode } from "react";
import type { LineRow } from "./model/line-targets";
import { keyOf, type Row } from "./model/rows";

/** What can be done with single lines. */
export interface LineTools {
  /** The row of the keyboard. */
  cursor: Row | null;
  /** Whether something is shown below a row. */
  has: (row: LineRow) => boolean;
  below: (row: LineRow) => ReactNode;
  onPick: (row: LineRow) => void;
}

interface Props {
  row: LineRow;
  lines: LineTools | undefined;
  children: ReactNode;
}

/** A line with what is shown below it. A click on its number, or a tap on the line, picks it; the keyboard has a cursor. */
export function LineFrame({ row, lines, children }: Props) {
  if (!lines) return <div className="border-x bg-surface max-md:border-x-0">{children}</div>;
  const onClick = ({ target }: MouseEvent) => {
    if (!(target instanceof Element) || !target.closest("[data-code]")) return;
    const tapped = matchMedia("(pointer: coarse)").matches;
    if (tapped || target.closest(".diff-number, [data-pick]")) lines.onPick(row);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the arrow keys and C do the same
    // biome-ignore lint/a11y/useKeyWithClickEvents: the arrow keys and C do the same
    <div
      onClick={onClick}
      data-cursor={(lines.cursor !== null && keyOf(lines.cursor) === keyOf(row)) || undefined}
      className="diff-pick group/line relative border-x bg-surface max-md:border-x-0"
    >
      <div data-code="">{children}</div>
      <span
        data-code=""
        aria-hidden="true"
        className="absolute top-0 left-0 hidden h-5 place-items-center bg-primary px-1 text-primary-foreground group-hover/line:grid group-data-cursor/line:grid pointer-coarse:!hidden"
      >
        <MessageSquarePlus data-pick="" className="size-3.5 cursor-pointer" />
      </span>
      {lines.has(row) && <div className="border-y bg-surface font-sans">{lines.below(row)}</div>}
    </div>
  );
}
