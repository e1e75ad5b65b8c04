/** One saved search's matches on their way to its owner, in order, each once. */
import { Problem } from "@/api/problem";
import type { EventPage, LiveEvent } from "@/api/types";
import type { SnapshotMessage } from "./protocol";
import type { LiveRoom } from "./room";
import { hasGap, type Inbox, openInbox, receive } from "./sequence";

interface Position {
  epoch: string;
  seq: number;
}

export interface SearchRoomDeps {
  fetchEvents(searchId: string, since: number, epoch: string): Promise<EventPage>;
  /** Where the search stands now, for when there is no way on from where we stand. */
  fetchPosition(searchId: string): Promise<Position>;
  /** Hands on what matched; without events, where a new beginning was made. */
  commit(searchId: string, position: Position, events: readonly LiveEvent[]): void;
}

const PATIENCE_MS = 150;
const RETRY_MS = 2_000;

export class SearchRoom implements LiveRoom {
  readonly name: string;
  private inbox: Inbox;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private catching: Promise<number> | null = null;
  private closed = false;

  constructor(
    readonly searchId: string,
    from: Position,
    private readonly deps: SearchRoomDeps,
  ) {
    this.name = `search:${searchId}`;
    this.inbox = openInbox(from.epoch, from.seq);
  }

  get cursor(): Position {
    return { epoch: this.inbox.epoch, seq: this.inbox.seq };
  }

  offer(events: readonly LiveEvent[]): void {
    if (this.closed) return;
    const { inbox, ready, foreign } = receive(this.inbox, events);
    if (foreign) {
      void this.begin().catch(() => this.later(RETRY_MS));
      return;
    }
    this.inbox = inbox;
    if (ready.length > 0) this.deps.commit(this.searchId, this.cursor, ready);
    if (hasGap(inbox)) this.later(PATIENCE_MS);
  }

  restart({ epoch, seq }: SnapshotMessage): void {
    this.moveTo({ epoch, seq });
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
    const start = this.inbox.seq;
    for (;;) {
      const { seq, epoch } = this.inbox;
      let page: EventPage;
      try {
        page = await this.deps.fetchEvents(this.searchId, seq, epoch);
      } catch (error) {
        if (!(error instanceof Problem) || (error.status !== 409 && error.status !== 410)) throw error;
        await this.begin();
        return 1;
      }
      if (this.closed) return 0;
      const first = page.events[0];
      if (page.epoch !== epoch || (first && first.seq > seq + 1)) {
        await this.begin();
        return 1;
      }
      this.offer(page.events);
      if (!page.has_more || page.events.length === 0) return Math.max(0, this.inbox.seq - start);
    }
  }

  private async begin(): Promise<void> {
    this.moveTo(await this.deps.fetchPosition(this.searchId));
  }

  private moveTo({ epoch, seq }: Position): void {
    if (this.closed) return;
    this.inbox = openInbox(epoch, seq);
    this.deps.commit(this.searchId, { epoch, seq }, []);
  }

  private later(wait: number): void {
    if (this.closed) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      if (!this.closed) void this.catchUp().catch(() => this.later(RETRY_MS));
    }, wait);
  }
}
