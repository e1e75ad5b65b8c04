/** Puts what the socket delivers into order: duplicates go, early ones wait, a hole is noticed. Pure. */
import type { LiveEvent } from "@/api/types";

export interface Inbox {
  readonly epoch: string;
  /** The last seq that has been handed on. */
  readonly seq: number;
  /** Events that came before the ones they follow. */
  readonly early: ReadonlyMap<number, LiveEvent>;
}

export interface Received {
  readonly inbox: Inbox;
  /** What may be applied now, in order. */
  readonly ready: readonly LiveEvent[];
  /** Another life of the database: nothing here can be compared with what is known. */
  readonly foreign: boolean;
}

export function openInbox(epoch: string, seq: number): Inbox {
  return { epoch, seq, early: new Map() };
}

/** Whether an event between the last one handed on and one already here is missing. */
export function hasGap(inbox: Inbox): boolean {
  return inbox.early.size > 0;
}

export function receive(inbox: Inbox, events: readonly LiveEvent[]): Received {
  const early = new Map(inbox.early);
  for (const event of events) {
    if (event.epoch !== inbox.epoch) return { inbox, ready: [], foreign: true };
    if (event.seq > inbox.seq) early.set(event.seq, event);
  }
  const ready: LiveEvent[] = [];
  let seq = inbox.seq;
  for (let next = early.get(seq + 1); next; next = early.get(seq + 1)) {
    ready.push(next);
    seq += 1;
    early.delete(seq);
  }
  return { inbox: { epoch: inbox.epoch, seq, early }, ready, foreign: false };
}
