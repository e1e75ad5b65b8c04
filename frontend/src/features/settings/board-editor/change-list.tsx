import { Minus, PencilLine, Plus } from "lucide-react";
import type { BoardState } from "@/live/state/board";
import { NativeSelect } from "@/ui/field";
import type { ChangeGroup, ChangeKind } from "./board-diff";
import { columnName, type Draft } from "./draft";
import { describeCount, removedWithTickets } from "./ticket-count";

const ICONS: Record<ChangeKind, typeof Plus> = { added: Plus, removed: Minus, changed: PencilLine };
const TONES: Record<ChangeKind, string> = {
  added: "text-success",
  removed: "text-danger",
  changed: "text-muted-foreground",
};

/** What changes, grouped as the page is. */
export function ChangeList({ groups, empty = "Nothing changes." }: { groups: readonly ChangeGroup[]; empty?: string }) {
  if (groups.length === 0) return <p className="text-muted-foreground">{empty}</p>;
  return (
    <div className="grid gap-3">
      {groups.map(({ title, changes }) => (
        <section key={title} aria-label={title}>
          <h3 className="mb-1 font-medium text-2xs text-muted-foreground">{title}</h3>
          <ul className="grid gap-1">
            {changes.map(({ kind, text }) => {
              const Icon = ICONS[kind];
              return (
                <li key={text} data-change={kind} className="flex gap-2">
                  <Icon className={`mt-0.5 size-3.5 shrink-0 ${TONES[kind]}`} aria-hidden="true" />
                  <span className="min-w-0 break-words">{text}</span>
                </li>
              );
            })}
          </ul>
        </section>
      ))}
    </div>
  );
}

interface MovesProps {
  board: BoardState;
  draft: Draft;
  onChange: (from: string, to: string) => void;
}

/** Where the tickets of removed columns go, to choose. */
export function TicketMoves({ board, draft, onChange }: MovesProps) {
  const removed = removedWithTickets(board, draft);
  if (removed.length === 0) return null;
  return (
    <section aria-label="Tickets of removed columns" className="rounded-lg border bg-sunken px-3 py-2.5">
      <h3 className="mb-1.5 font-medium text-xs">Tickets of removed columns move to</h3>
      <ul className="grid gap-1.5">
        {removed.map(({ id, name, tickets }) => (
          <li key={id} className="flex flex-wrap items-center justify-between gap-x-3 gap-y-1">
            <span className="min-w-0 truncate">
              {name} <span className="tabular text-muted-foreground text-xs">({describeCount(tickets)})</span>
            </span>
            <NativeSelect
              aria-label={`Move tickets of ${name} to`}
              className="w-44 shrink-0"
              value={draft.moves[id]}
              onChange={(event) => onChange(id, event.target.value)}
            >
              {draft.columns.map((column) => (
                <option key={column.key} value={column.key}>
                  {columnName(column)}
                </option>
              ))}
            </NativeSelect>
          </li>
        ))}
      </ul>
    </section>
  );
}
