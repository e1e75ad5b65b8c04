/**
 * A workflow's room: keeps one board up to date. Events from the socket, from polling and from gap fetches all pass
 * through one reorder buffer, so the board advances seq by seq and never skips one.
 */
import { Problem } from "@/api/problem";
import type { BoardSnapshot, EventPage, LiveEvent, TicketPage } from "@/api/types";
import {
  applyEvents,
  type BoardState,
  boardFrom,
  hasOrphanedCards,
  restoresUnknownCard,
  withOlder,
} from "../state/board";
import { changesLeftOut } from "../state/left-out";
import type { StreamCursor } from "./cursor";
import { createReorderBuffer, hasGap, pushEvents, type ReorderBuffer } from "./reorder-buffer";
import type { Room, RoomSnapshot } from "./room";

export interface BoardRoomDeps {
  fetchEvents(workflowId: string, since: number, epoch: string): Promise<EventPage>;
  fetchBoard(workflowId: string): Promise<BoardSnapshot>;
  fetchOlder(workflowId: string, status: string, cursor: string): Promise<TicketPage>;
  /** The board changed. `events` is empty when the whole board was replaced. */
  onChange(workflowId: string, board: BoardState, events: readonly LiveEvent[]): void;
}

/** Events that arrive within one frame are applied together. */
const FRAME_MS = 16;
/** The next message often fills a gap, so fetching waits this long. */
const GAP_DELAY_MS = 150;
const RETRY_DELAY_MS = 2_000;

export class BoardRoom implements Room {
  readonly name: string;
  private buffer: ReorderBuffer;
  private pending: LiveEvent[] = [];
  private frame: ReturnType<typeof setTimeout> | undefined;
  private flushedAt = Number.NEGATIVE_INFINITY;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private catchingUp: Promise<number> | null = null;
  private closed = false;

  constructor(
    readonly workflowId: string,
    private board: BoardState,
    private readonly deps: BoardRoomDeps,
  ) {
    this.name = `workflow:${workflowId}`;
    this.buffer = createReorderBuffer(board.epoch, board.seq);
  }

  get cursor(): StreamCursor {
    return { epoch: this.buffer.epoch, seq: this.buffer.seq };
  }

  receive(events: readonly LiveEvent[]): void {
    if (this.closed) return;
    const { buffer, ready, epochChanged } = pushEvents(this.buffer, events);
    if (epochChanged) {
      this.reloadOrRetry();
      return;
    }
    this.buffer = buffer;
    if (ready.length > 0) {
      this.pending.push(...ready);
      // The first event is applied at once, and those that follow within a frame together.
      const rest = this.flushedAt + FRAME_MS - performance.now();
      if (rest <= 0) this.flush();
      else this.frame ??= setTimeout(() => this.flush(), rest);
    }
    if (hasGap(buffer)) this.timer ??= setTimeout(() => this.fillGap(), GAP_DELAY_MS);
  }

  restart({ board, epoch, seq }: RoomSnapshot): void {
    if (board) this.replaceBoard({ ...board, epoch, seq });
    else this.reloadOrRetry();
  }

  catchUp(): Promise<number> {
    this.catchingUp ??= this.fetchMissing().finally(() => {
      this.catchingUp = null;
    });
    return this.catchingUp;
  }

  /** Adds the next older tickets of a done column. If the board was replaced meanwhile, the page is dropped. */
  async showOlder(status: string): Promise<void> {
    const cursor = this.board.leftOut.get(status)?.cursor;
    if (!cursor) return;
    const page = await this.deps.fetchOlder(this.workflowId, status, cursor);
    if (this.closed || this.board.leftOut.get(status)?.cursor !== cursor) return;
    this.board = withOlder(this.board, status, page);
    this.deps.onChange(this.workflowId, this.board, []);
  }

  close(): void {
    this.flush();
    this.closed = true;
    clearTimeout(this.timer);
  }

  private replaceBoard(snapshot: BoardSnapshot): void {
    if (this.closed) return;
    this.pending = [];
    this.board = boardFrom(snapshot);
    const early = [...this.buffer.early.values()].filter((event) => event.epoch === snapshot.epoch);
    this.buffer = createReorderBuffer(snapshot.epoch, snapshot.seq);
    this.deps.onChange(this.workflowId, this.board, []);
    if (early.length > 0) this.receive(early);
  }

  private async reload(): Promise<void> {
    this.replaceBoard(await this.deps.fetchBoard(this.workflowId));
  }

  private reloadOrRetry(): void {
    void this.reload().catch(() => this.scheduleRetry());
  }

  private async fetchMissing(): Promise<number> {
    const start = this.buffer.seq;
    for (;;) {
      const { seq, epoch } = this.buffer;
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
      this.receive(page.events);
      if (!page.has_more || page.events.length === 0) break;
    }
    this.flush();
    return Math.max(0, this.buffer.seq - start);
  }

  private flush(): void {
    clearTimeout(this.frame);
    this.frame = undefined;
    if (this.closed || this.pending.length === 0) return;
    this.flushedAt = performance.now();
    const events = this.pending;
    this.pending = [];
    const before = this.board;
    this.board = applyEvents(before, events);
    this.deps.onChange(this.workflowId, this.board, events);
    const orphaned = events.some((event) => event.data.board_config) && hasOrphanedCards(this.board);
    const unknown = events.some(
      (event) => restoresUnknownCard(this.board, event) || changesLeftOut(before, this.board, event),
    );
    if (orphaned || unknown) this.reloadOrRetry();
  }

  private fillGap(): void {
    this.timer = undefined;
    if (this.closed || !hasGap(this.buffer)) return;
    void this.catchUp().catch(() => this.scheduleRetry());
  }

  private scheduleRetry(): void {
    if (!this.closed) this.timer ??= setTimeout(() => this.retry(), RETRY_DELAY_MS);
  }

  private retry(): void {
    this.timer = undefined;
    if (!this.closed) void this.catchUp().catch(() => this.scheduleRetry());
  }
}
