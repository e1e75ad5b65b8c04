/** Numbers of tickets in columns of the saved board and of a draft. Pure. */

import { type BoardState, columnTotal } from "@/live/state/board";
import { LOCALE } from "@/ui/locale";
import { plural } from "@/ui/plural";
import { type Draft, type DraftColumn, sourcesOf } from "./draft";

export interface TicketCount {
  count: number;
  /** Whether there are more: the server counts a column to 10,000. */
  capped: boolean;
}

/** The tickets of a saved column. */
export function ticketsIn(board: BoardState, id: string | null): TicketCount {
  if (id === null) return { count: 0, capped: false };
  return { count: columnTotal(board, id), capped: board.leftOut.get(id)?.capped ?? false };
}

/** The tickets that a column of a draft will have, with those of removed columns. */
export function ticketsAfter(board: BoardState, draft: Draft, column: DraftColumn): TicketCount {
  const parts = [column.id, ...sourcesOf(draft, column.key)].map((id) => ticketsIn(board, id));
  return { count: parts.reduce((sum, { count }) => sum + count, 0), capped: parts.some(({ capped }) => capped) };
}

export function describeCount({ count, capped }: TicketCount): string {
  return capped ? `${count.toLocaleString(LOCALE)}+ tickets` : plural(count, "ticket");
}

/** Removed columns with tickets: their id, name and number of tickets. */
export function removedWithTickets(board: BoardState, draft: Draft) {
  return Object.keys(draft.moves).flatMap((id) => {
    const tickets = ticketsIn(board, id);
    const name = board.config.columns.find((column) => column.id === id)?.name ?? id;
    return tickets.count > 0 ? [{ id, name, tickets }] : [];
  });
}
