/**
 * One workflow's events on their way into the cache. Whatever brings them (socket, polling, a fetch that fills a hole),
 * they go through one inbox, so the board moves forward one seq at a time and never skips.
 */
import { Problem } from "@/api/problem";
import type { BoardSnapshot, EventPage, LiveEvent } from "@/api/types";
import { applyEvents, type BoardState, boardFrom, hasStrayCards, returnsUnseen } from "../state/board";
import type { SnapshotMessage } from "../transport/protocol";
import { hasGap, type Inbox, openInbox, receive } from "./reorder-buffer";

export interface RoomDeps {
  fetchEvents(workflowId: string, since: number, epoch: string): Promise<EventPage>;
  fetchBoard(workflowId: string): Promise<BoardSnapshot>;
  /** Hands the new board, and the events that made it, to whoever draws. */
  commit(workflowId: string, board: BoardState, events: readonly LiveEvent[]): void;
}

/** A place in a stream. */
export interface Position {
  epoch: string;
  seq: number;
}

/** What the connection knows of a room, whatever happens in it. */
export interface LiveRoom {
  readonly name: string;
  /** From where to go on; null to be told how things are now. */
  readonly cursor: Position | null;
  offer(events: readonly LiveEvent[]): void;
  /** The server makes a new beginning. */
  restart(message: SnapshotMessage): void;
  catchUp(): Promise<number>;
}

/** Events of one frame are drawn together. */
const FRAME_MS = 16;
/** A hole is often filled by the very next message; asking the server at once would be wasteful. */
const PATIENCE_MS = 150;

export class Room implements LiveRoom {
  readonly name: string;
  private inbox: Inbox;
  private pending: LiveEvent[] = [];
  private frame: ReturnType<typeof setTimeout> | undefined;
  private gapTimer: ReturnType<typeof setTimeout> | undefined;
  private catching: Promise<number> | null = null;
  private closed = false;

  constructor(
    readonly workflowId: string,
    private board: BoardState,
    private readonly deps: RoomDeps,
  ) {
    this.name = `workflow:${workflowId}`;
    this.inbox = openInbox(board.epoch, board.seq);
  }

  get cursor(): Position {
    return { epoch: this.inbox.epoch, seq: this.inbox.seq };
  }

  /** Takes events from anywhere, in any order. */
  offer(events: readonly LiveEvent[]): void {
    if (this.closed) return;
    const { inbox, ready, foreign } = receive(this.inbox, events);
    if (foreign) {
      void this.reload().catch(() => this.retryLater());
      return;
    }
    this.inbox = inbox;
    if (ready.length > 0) {
      this.pending.push(...ready);
      this.frame ??= setTimeout(() => this.flush(), FRAME_MS);
    }
    if (hasGap(inbox)) this.gapTimer ??= setTimeout(() => this.fillGap(), PATIENCE_MS);
  }

  restart({ board, epoch, seq }: SnapshotMessage): void {
    if (board) this.reset({ ...board, epoch, seq });
    else void this.reload().catch(() => this.retryLater());
  }

  /** A whole board from the server replaces everything. */
  reset(snapshot: BoardSnapshot): void {
    if (this.closed) return;
    this.pending = [];
    this.board = boardFrom(snapshot);
    const early = [...this.inbox.early.values()].filter((event) => event.epoch === snapshot.epoch);
    this.inbox = openInbox(snapshot.epoch, snapshot.seq);
    this.deps.commit(this.workflowId, this.board, []);
    if (early.length > 0) this.offer(early);
  }

  /** Fetches what is missing after the cursor, page by page; answers how many events were new. */
  catchUp(): Promise<number> {
    this.catching ??= this.fetchMissing().finally(() => {
      this.catching = null;
    });
    return this.catching;
  }

  async reload(): Promise<void> {
    this.reset(await this.deps.fetchBoard(this.workflowId));
  }

  close(): void {
    this.flush();
    this.closed = true;
    clearTimeout(this.gapTimer);
  }

  private async fetchMissing(): Promise<number> {
    const start = this.inbox.seq;
    for (;;) {
      const { seq, epoch } = this.inbox;
      let page: EventPage;
      try {
        page = await this.deps.fetchEvents(this.workflowId, seq, epoch);
      } catch (error) {
        if (!(error instanceof Problem) || (error.status !== 409 && error.status !== 410)) throw error;
        await this.reload();
        return 1;
      }
      if (this.closed) return 0;
      const first = page.events[0];
      if (page.epoch !== epoch || (first && first.seq > seq + 1)) {
        await this.reload();
        return 1;
      }
      this.offer(page.events);
      if (!page.has_more || page.events.length === 0) break;
    }
    this.flush();
    return Math.max(0, this.inbox.seq - start);
  }

  private flush(): void {
    clearTimeout(this.frame);
    this.frame = undefined;
    if (this.closed || this.pending.length === 0) return;
    const events = this.pending;
    this.pending = [];
    this.board = applyEvents(this.board, events);
    this.deps.commit(this.workflowId, this.board, events);
    const strays = events.some((event) => event.data.board_config) && hasStrayCards(this.board);
    if (strays || events.some((event) => returnsUnseen(this.board, event))) {
      void this.reload().catch(() => this.retryLater());
    }
  }

  private fillGap(): void {
    this.gapTimer = undefined;
    if (this.closed || !hasGap(this.inbox)) return;
    void this.catchUp().catch(() => this.retryLater());
  }

  private retryLater(): void {
    if (!this.closed) this.gapTimer ??= setTimeout(() => this.retry(), 2_000);
  }

  private retry(): void {
    this.gapTimer = undefined;
    if (!this.closed) void this.catchUp().catch(() => this.retryLater());
  }
}
