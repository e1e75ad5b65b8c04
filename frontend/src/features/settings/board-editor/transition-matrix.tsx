import { type KeyboardEvent, memo, useRef, useState } from "react";
import { cn } from "@/ui/cn";
import { cssColor } from "@/ui/color";
import { CheckBox } from "./check-box";
import { columnName, type DraftColumn, moveKey } from "./draft";
import type { EditorProps } from "./editor-props";
import { isAllowed, movesOf, selectionOf, withMoves } from "./transitions";

/** A cell by row and column; 0 are the cells that check a whole row or column. */
interface Place {
  row: number;
  column: number;
}

const STEPS: Record<string, [number, number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** Allowed moves, from rows to columns. One tab stop; the arrow keys go from cell to cell. */
export function TransitionMatrix({ draft, disabled, onChange }: EditorProps) {
  const { columns } = draft;
  const table = useRef<HTMLTableElement>(null);
  const [place, setPlace] = useState<Place>({ row: 1, column: 2 });
  const [hover, setHover] = useState<Place | null>(null);
  const last = columns.length;
  const current = { row: Math.min(place.row, last), column: Math.min(place.column, last) };

  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    let next: Place;
    if (step) next = { row: current.row + step[0], column: current.column + step[1] };
    else if (event.key === "Home") next = { ...current, column: 0 };
    else if (event.key === "End") next = { ...current, column: last };
    else return;
    event.preventDefault();
    next = { row: clamp(next.row, last), column: clamp(next.column, last) };
    // The corner has no cell.
    if (next.row === 0 && next.column === 0) return;
    setPlace(next);
    table.current?.querySelector<HTMLElement>(`[data-cell="${next.row} ${next.column}"]`)?.focus();
  };
  const cellProps = (row: number, column: number) => ({
    "data-cell": `${row} ${column}`,
    tabIndex: row === current.row && column === current.column ? 0 : -1,
    onFocus: () => setPlace({ row, column }),
  });
  const heading = (key: string, at: number, end: "from" | "to", label: string) => {
    const moves = movesOf(draft, key, end);
    return (
      <CheckBox
        state={selectionOf(draft, moves)}
        disabled={disabled || moves.length === 0}
        aria-label={label}
        onChange={(checked) => onChange((old) => withMoves(old, moves, checked))}
        {...(end === "from" ? cellProps(at, 0) : cellProps(0, at))}
      />
    );
  };
  return (
    <div className="scroll-thin max-h-[32rem] overflow-auto rounded-b-xl" onPointerLeave={() => setHover(null)}>
      <table
        ref={table}
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a table of checkboxes with one tab stop is a grid.
        role="grid"
        aria-label="Allowed moves, from rows to columns"
        className="w-full border-separate border-spacing-0 text-xs"
        onKeyDown={onKeyDown}
      >
        <thead>
          <tr>
            <th
              scope="col"
              className="sticky top-0 left-0 z-3 border-r border-b bg-surface px-3 py-2 text-left align-bottom font-normal text-muted-foreground"
            >
              From ↓ to →
            </th>
            {columns.map((column, at) => (
              <th
                key={column.key}
                scope="col"
                className={cn(
                  "sticky top-0 z-2 min-w-20 border-b bg-surface px-2 py-2 align-bottom font-medium",
                  hover?.column === at + 1 && "bg-sunken",
                )}
              >
                <span className="flex flex-col items-center gap-1.5">
                  <ColumnLabel column={column} className="max-w-28 justify-center" />
                  {heading(column.key, at + 1, "to", `Every move to ${columnName(column)}`)}
                </span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {columns.map((from, row) => (
            <tr key={from.key} className="group">
              <th
                scope="row"
                className="sticky left-0 z-1 border-r border-b bg-surface px-3 py-2 text-left font-medium group-last:border-b-0 group-hover:bg-sunken"
              >
                <span className="flex items-center gap-2.5">
                  {heading(from.key, row + 1, "from", `Every move from ${columnName(from)}`)}
                  <ColumnLabel column={from} className="max-w-36" />
                </span>
              </th>
              {columns.map((to, column) => (
                <td
                  key={to.key}
                  onPointerEnter={() => setHover({ row: row + 1, column: column + 1 })}
                  className={cn(
                    "border-b text-center group-last:border-b-0 group-hover:bg-sunken",
                    hover?.column === column + 1 && "bg-sunken",
                  )}
                >
                  {from.key === to.key ? (
                    <span
                      role="img"
                      aria-label="Same column"
                      className="inline-block h-px w-3 rounded bg-border-strong align-middle"
                      {...cellProps(row + 1, column + 1)}
                    />
                  ) : (
                    <CheckBox
                      state={isAllowed(draft, from.key, to.key) ? "all" : "none"}
                      disabled={disabled}
                      aria-label={`${columnName(from)} to ${columnName(to)}`}
                      className="align-middle"
                      onChange={(checked) => onChange((old) => withMoves(old, [moveKey(from.key, to.key)], checked))}
                      {...cellProps(row + 1, column + 1)}
                    />
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const clamp = (value: number, last: number) => Math.max(0, Math.min(value, last));

export const ColumnLabel = memo(function ColumnLabel({
  column,
  className,
}: {
  column: DraftColumn;
  className?: string;
}) {
  return (
    <span className={cn("flex min-w-0 items-center gap-1.5", className)}>
      <span
        aria-hidden="true"
        className="size-2 shrink-0 rounded-full"
        style={{ backgroundColor: cssColor(column.color) }}
      />
      <span dir="auto" className="truncate" title={columnName(column)}>
        {columnName(column)}
      </span>
    </span>
  );
});
