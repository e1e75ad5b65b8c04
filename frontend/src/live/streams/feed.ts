/**
 * Events of one stream on their way to whoever asked for them, in order, each once: the socket brings them, a hole or
 * a time without a socket is filled from the server. It keeps nothing but its place; what the events change is the
 * business of those they are handed to.
 */
import { Problem } from "@/api/problem";
import type { EventPage, LiveEvent } from "@/api/types";
import type { SnapshotMessage } from "../transport/protocol";
import type { LiveRoom, Position } from "./board-room";
import { hasGap, type Inbox, openInbox, receive } from "./reorder-buffer";

export interface FeedDeps {
  /** Without an epoch: of whatever life the database is in. */
  fetchEvents(since: number, epoch: string): Promise<EventPage>;
  /** Where the stream stands now, for when there is no way on from where we stand. */
  fetchPosition(): Promise<Position>;
  /** Hands on what happened. */
  commit(events: readonly LiveEvent[], position: Position): void;
  /** A new beginning: what is known may be out of date in ways that no event will tell. */
  begin(position: Position, message: SnapshotMessage | null): void;
}

const PATIENCE_MS = 150;
const RETRY_MS = 2_000;

export class Feed implements LiveRoom {
  private inbox: Inbox | null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private catching: Promise<number> | null = null;
  private closed = false;

  constructor(
    readonly name: string,
    from: Position | null,
    private readonly deps: FeedDeps,
  ) {
    this.inbox = from && openInbox(from.epoch, from.seq);
  }

  get cursor(): Position | null {
    return this.inbox && { epoch: this.inbox.epoch, seq: this.inbox.seq };
  }

  offer(events: readonly LiveEvent[]): void {
    // Before its beginning is known, nothing can be told apart from what that already has.
    if (this.closed || !this.inbox) return;
    const { inbox, ready, foreign } = receive(this.inbox, events);
    if (foreign) {
      void this.restartHere().catch(() => this.later(RETRY_MS));
      return;
    }
    this.inbox = inbox;
    if (ready.length > 0) this.deps.commit(ready, { epoch: inbox.epoch, seq: inbox.seq });
    if (hasGap(inbox)) this.later(PATIENCE_MS);
  }

  restart(message: SnapshotMessage): void {
    this.moveTo(message, message);
  }

  catchUp(): Promise<number> {
    this.catching ??= this.fetchMissing().finally(() => {
      this.catching = null;
    });
    return this.catching;
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private async fetchMissing(): Promise<number> {
    const start = this.inbox?.seq ?? 0;
    for (;;) {
      if (!this.inbox) {
        await this.restartHere();
        return 1;
      }
      const { seq, epoch } = this.inbox;
      let page: EventPage;
      try {
        page = await this.deps.fetchEvents(seq, epoch);
      } catch (error) {
        if (!(error instanceof Problem) || (error.status !== 409 && error.status !== 410)) throw error;
        await this.restartHere();
        return 1;
      }
      if (this.closed) return 0;
      const first = page.events[0];
      if (page.epoch !== epoch || (first && first.seq > seq + 1)) {
        await this.restartHere();
        return 1;
      }
      this.offer(page.events);
      if (!page.has_more || page.events.length === 0) return Math.max(0, (this.inbox?.seq ?? start) - start);
    }
  }

  private async restartHere(): Promise<void> {
    this.moveTo(await this.deps.fetchPosition(), null);
  }

  private moveTo({ epoch, seq }: Position, message: SnapshotMessage | null): void {
    if (this.closed) return;
    this.inbox = openInbox(epoch, seq);
    this.deps.begin({ epoch, seq }, message);
  }

  private later(wait: number): void {
    if (this.closed) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      if (!this.closed) void this.catchUp().catch(() => this.later(RETRY_MS));
    }, wait);
  }
}
