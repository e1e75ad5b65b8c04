/**
 * Done tickets that a board leaves out: it holds the last ones of each done column, because finished work piles up. Older
 * ones are loaded on request.
 */
import type { BoardSnapshot, Card, LiveEvent } from "@/api/types";

/** What is left out of one column. */
export interface LeftOut {
  readonly count: number;
  /** Whether there are more than `count`: the server counts a column to 10,000. */
  readonly capped: boolean;
  /** Where the list of older tickets goes on; null if it ends. */
  readonly cursor: string | null;
}

/** The part of a board that this looks at. */
interface Shown {
  readonly cards: ReadonlyMap<string, Card>;
  readonly leftOut: ReadonlyMap<string, LeftOut>;
}

const MAX_COUNT = 10_000;

export function leftOutOf({ left_out = [], tickets }: BoardSnapshot): ReadonlyMap<string, LeftOut> {
  const shown = (status: string) => tickets.filter((card) => card.status === status).length;
  return new Map(
    left_out.map(({ status, count, cursor }) => [
      status,
      { count, cursor: cursor ?? null, capped: count + shown(status) >= MAX_COUNT },
    ]),
  );
}

/**
 * Whether an event is about a ticket that the board leaves out and changes what the board has to show: its column or place.
 * Such an event does not carry the card, so the board has to be read again.
 */
export function changesLeftOut(before: Shown, after: Shown, { ticket_id, type, data }: LiveEvent): boolean {
  if (before.leftOut.size === 0 || ticket_id === null) return false;
  if (before.cards.has(ticket_id) || after.cards.has(ticket_id) || data.ticket) return false;
  const { changes } = data;
  return type === "ticket_deleted" || type === "deleted" || (!!changes && ("status" in changes || "rank" in changes));
}
