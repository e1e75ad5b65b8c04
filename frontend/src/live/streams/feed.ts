/**
 * The events of one stream, delivered in order and once each. They come from the socket; gaps, and times without a
 * socket, are filled by fetching. A feed keeps only its cursor: applying the events is up to its owner.
 */
import { Problem } from "@/api/problem";
import type { EventPage, LiveEvent } from "@/api/types";
import type { StreamCursor } from "./cursor";
import { createReorderBuffer, hasGap, pushEvents, type ReorderBuffer } from "./reorder-buffer";
import type { Room, RoomSnapshot } from "./room";

export interface FeedDeps {
  fetchEvents(since: number, epoch: string): Promise<EventPage>;
  /** The current end of the stream, used when the feed's own cursor is no longer valid. */
  fetchCursor(): Promise<StreamCursor>;
  onEvents(events: readonly LiveEvent[], cursor: StreamCursor): void;
  /** The feed skipped to a new cursor, so events may have been missed. The snapshot is null unless the server sent one. */
  onRestart(cursor: StreamCursor, snapshot: RoomSnapshot | null): void;
}

/** The next message often fills a gap, so fetching waits this long. */
const GAP_DELAY_MS = 150;
const RETRY_DELAY_MS = 2_000;

export class Feed implements Room {
  private buffer: ReorderBuffer | null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private catchingUp: Promise<number> | null = null;
  private closed = false;

  constructor(
    readonly name: string,
    from: StreamCursor | null,
    private readonly deps: FeedDeps,
  ) {
    this.buffer = from && createReorderBuffer(from.epoch, from.seq);
  }

  get cursor(): StreamCursor | null {
    return this.buffer && { epoch: this.buffer.epoch, seq: this.buffer.seq };
  }

  receive(events: readonly LiveEvent[]): void {
    // Without a cursor, new events cannot be distinguished from those that the snapshot will contain.
    if (this.closed || !this.buffer) return;
    const { buffer, ready, epochChanged } = pushEvents(this.buffer, events);
    if (epochChanged) {
      void this.skipToEnd().catch(() => this.scheduleCatchUp(RETRY_DELAY_MS));
      return;
    }
    this.buffer = buffer;
    if (ready.length > 0) this.deps.onEvents(ready, { epoch: buffer.epoch, seq: buffer.seq });
    if (hasGap(buffer)) this.scheduleCatchUp(GAP_DELAY_MS);
  }

  restart(snapshot: RoomSnapshot): void {
    this.moveTo(snapshot, snapshot);
  }

  catchUp(): Promise<number> {
    this.catchingUp ??= this.fetchMissing().finally(() => {
      this.catchingUp = null;
    });
    return this.catchingUp;
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private async fetchMissing(): Promise<number> {
    const start = this.buffer?.seq ?? 0;
    for (;;) {
      if (!this.buffer) {
        await this.skipToEnd();
        return 1;
      }
      const { seq, epoch } = this.buffer;
      let page: EventPage;
      try {
        page = await this.deps.fetchEvents(seq, epoch);
      } catch (error) {
        if (!(error instanceof Problem) || (error.status !== 409 && error.status !== 410)) throw error;
        await this.skipToEnd();
        return 1;
      }
      if (this.closed) return 0;
      const first = page.events[0];
      if (page.epoch !== epoch || (first && first.seq > seq + 1)) {
        await this.skipToEnd();
        return 1;
      }
      this.receive(page.events);
      if (!page.has_more || page.events.length === 0) return Math.max(0, (this.buffer?.seq ?? start) - start);
    }
  }

  private async skipToEnd(): Promise<void> {
    this.moveTo(await this.deps.fetchCursor(), null);
  }

  private moveTo({ epoch, seq }: StreamCursor, snapshot: RoomSnapshot | null): void {
    if (this.closed) return;
    this.buffer = createReorderBuffer(epoch, seq);
    this.deps.onRestart({ epoch, seq }, snapshot);
  }

  private scheduleCatchUp(delay: number): void {
    if (this.closed) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      if (!this.closed) void this.catchUp().catch(() => this.scheduleCatchUp(RETRY_DELAY_MS));
    }, delay);
  }
}
