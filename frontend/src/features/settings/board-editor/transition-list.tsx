import { ChevronRight } from "lucide-react";
import { useId, useState } from "react";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { CheckBox } from "./check-box";
import { columnName, type DraftColumn, moveKey } from "./draft";
import type { EditorProps } from "./editor-props";
import { ColumnLabel } from "./transition-matrix";
import { isAllowed, movesOf, selectionOf, withMoves } from "./transitions";

/** Allowed moves on a phone: a list of targets for each column. */
export function TransitionList(props: EditorProps) {
  return (
    <ul className="divide-y">
      {props.draft.columns.map((column) => (
        <MovesFrom key={column.key} column={column} {...props} />
      ))}
    </ul>
  );
}

function MovesFrom({ column, draft, disabled, onChange }: EditorProps & { column: DraftColumn }) {
  const id = useId();
  const [open, setOpen] = useState(false);
  const moves = movesOf(draft, column.key, "from");
  const others = draft.columns.filter(({ key }) => key !== column.key);
  const allowed = others.filter(({ key }) => isAllowed(draft, column.key, key));
  const state = selectionOf(draft, moves);
  return (
    <li>
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="flex w-full items-center gap-2 px-4 py-2.5 text-left"
      >
        <ChevronRight
          className={cn("size-4 shrink-0 text-muted-foreground transition-transform", open && "rotate-90")}
        />
        <ColumnLabel column={column} className="font-medium" />
        <span className="ml-auto shrink-0 text-muted-foreground text-xs">
          {state === "all"
            ? "To every column"
            : state === "none"
              ? "To no column"
              : `To ${allowed.length} of ${others.length}`}
        </span>
      </button>
      {open && (
        <div className="grid gap-1 px-4 pb-3 pl-10">
          {others.map((to) => (
            <label key={to.key} htmlFor={`${id}-${to.key}`} className="flex items-center gap-3 py-1.5">
              <CheckBox
                id={`${id}-${to.key}`}
                state={isAllowed(draft, column.key, to.key) ? "all" : "none"}
                disabled={disabled}
                aria-label={`${columnName(column)} to ${columnName(to)}`}
                className="size-5"
                onChange={(checked) => onChange((old) => withMoves(old, [moveKey(column.key, to.key)], checked))}
              />
              <ColumnLabel column={to} />
            </label>
          ))}
          {!disabled && (
            <div className="-ml-2 flex gap-1">
              <Button variant="ghost" size="sm" onClick={() => onChange((old) => withMoves(old, moves, true))}>
                All
              </Button>
              <Button variant="ghost" size="sm" onClick={() => onChange((old) => withMoves(old, moves, false))}>
                None
              </Button>
            </div>
          )}
        </div>
      )}
    </li>
  );
}
