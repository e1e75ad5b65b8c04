/** Puts the events of one stream into order: drops duplicates, holds back early events, detects gaps. Pure. */
import type { LiveEvent } from "@/api/types";

export interface ReorderBuffer {
  readonly epoch: string;
  /** The seq of the last event released. */
  readonly seq: number;
  /** Events whose predecessors are still missing, by seq. */
  readonly early: ReadonlyMap<number, LiveEvent>;
}

export interface PushResult {
  readonly buffer: ReorderBuffer;
  /** The events that can be applied now, in order. */
  readonly ready: readonly LiveEvent[];
  /** An event belongs to another epoch, so its seq cannot be compared with this buffer's. */
  readonly epochChanged: boolean;
}

export function createReorderBuffer(epoch: string, seq: number): ReorderBuffer {
  return { epoch, seq, early: new Map() };
}

/** Whether an event before one of the buffered events is missing. */
export function hasGap(buffer: ReorderBuffer): boolean {
  return buffer.early.size > 0;
}

export function pushEvents(buffer: ReorderBuffer, events: readonly LiveEvent[]): PushResult {
  const early = new Map(buffer.early);
  for (const event of events) {
    if (event.epoch !== buffer.epoch) return { buffer, ready: [], epochChanged: true };
    if (event.seq > buffer.seq) early.set(event.seq, event);
  }
  const ready: LiveEvent[] = [];
  let seq = buffer.seq;
  for (let next = early.get(seq + 1); next; next = early.get(seq + 1)) {
    ready.push(next);
    seq += 1;
    early.delete(seq);
  }
  return { buffer: { epoch: buffer.epoch, seq, early }, ready, epochChanged: false };
}
