/** The order in which approvals are reviewed: oldest first, from the open one on, and round. Pure. */
import type { Approval } from "@/api/types";

type Placed = Pick<Approval, "id" | "created_at">;

const isBefore = (a: Placed, b: Placed): boolean =>
  a.created_at === b.created_at ? a.id < b.id : a.created_at < b.created_at;

export interface ReviewOrder {
  next: Approval | undefined;
  previous: Approval | undefined;
  /** The place of the open approval among those that wait, from 1; null if it does not wait. */
  place: number | null;
  total: number;
}

/** `waiting` are the approvals that the user can decide; those with a held decision no longer wait. */
export function reviewOrder(waiting: readonly Approval[], open: Placed, held: ReadonlySet<string>): ReviewOrder {
  const all = waiting.filter(({ id }) => id === open.id || !held.has(id)).toSorted((a, b) => (isBefore(a, b) ? -1 : 1));
  const others = all.filter(({ id }) => id !== open.id);
  const place = all.findIndex(({ id }) => id === open.id);
  return {
    next: others.find((other) => isBefore(open, other)) ?? others[0],
    previous: others.findLast((other) => isBefore(other, open)) ?? others.at(-1),
    place: place < 0 ? null : place + 1,
    total: all.length,
  };
}
