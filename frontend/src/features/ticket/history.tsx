import { useState } from "react";
import type { NameOf } from "@/api/hooks";
import type { HistoryEntry } from "@/api/types";
import { Avatar } from "@/entities/actor/avatar";
import type { BoardState } from "@/live/state/board";
import { Button } from "@/ui/button";
import { TimeAgo } from "@/ui/time";
import { TimelineEntry } from "./timeline-entry";

interface Props {
  entries: readonly HistoryEntry[];
  board: BoardState;
  nameOf: NameOf;
}

const PAGE_SIZE = 50;

export function History({ entries, board, nameOf }: Props) {
  const [shown, setShown] = useState(PAGE_SIZE);
  const newestFirst = [...entries].sort((a, b) => b.seq - a.seq);
  const nameOfColumn = (id: string) => board.config.columns.find((column) => column.id === id)?.name ?? id;
  const nameOfTicket = (id: string) => board.cards.get(id)?.key ?? id;
  const names = { nameOf, nameOfColumn, nameOfTicket };
  return (
    <div className="grid gap-2">
      <ol className="grid">
        {newestFirst.slice(0, shown).map((entry) => {
          const actor = nameOf(entry.agent_id);
          return (
            <li key={entry.seq} className="relative flex gap-2.5 pb-3 text-xs last:pb-0">
              <span aria-hidden="true" className="absolute top-6 bottom-0.5 left-2.5 w-px bg-border last:hidden" />
              <Avatar {...actor} />
              <p className="min-w-0 pt-0.5 [overflow-wrap:anywhere]">
                <span className="font-semibold">{actor.name}</span> <TimelineEntry entry={entry} names={names} />{" "}
                <TimeAgo at={entry.changed_at} className="text-muted-foreground" />
              </p>
            </li>
          );
        })}
      </ol>
      {entries.length > shown && (
        <Button variant="ghost" size="sm" onClick={() => setShown((old) => old + PAGE_SIZE)}>
          Show {Math.min(PAGE_SIZE, entries.length - shown)} more
        </Button>
      )}
    </div>
  );
}
