/** Joins the pieces: session → socket → rooms → the query cache. One per tab. */
import type { QueryClient } from "@tanstack/react-query";
import { auth, board as boardApi, jobs, messages, session } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { LiveEvent, SavedSearch, TicketDetail } from "@/api/types";
import type { BoardState } from "./state/board";
import { isChatter } from "./state/jobs";
import { MatchStore } from "./state/matches";
import { Optimistic } from "./state/optimistic";
import { applyToTicket } from "./state/ticket";
import { WorkCache } from "./state/work-cache";
import { type Position, Room } from "./streams/board-room";
import { standing } from "./streams/cursor";
import { Feed } from "./streams/feed";
import { JobRoom } from "./streams/job-room";
import { type MatchListener, SearchFeeds } from "./streams/search-feeds";
import { Connection, type SocketLike } from "./transport/connection";
import { onWaking } from "./transport/page-resume";

/** The board is there where somebody has opened it. */
type EventListener = (workflowId: string, events: readonly LiveEvent[], board: BoardState | undefined) => void;

/** What this tab follows of a workflow: its board, or only what happens. */
interface Followed {
  board: { room: Room; users: number } | null;
  watchers: number;
  feed: Feed | null;
}

/** The rest of a ticket page (its history) is read again this long after the last of a burst of events. */
const REFRESH_TICKET_MS = 250;

export class LiveClient {
  readonly optimistic = new Optimistic();
  readonly connection: Connection;
  readonly matches = new MatchStore(() => this.owner());
  readonly work: WorkCache;
  private readonly followed = new Map<string, Followed>();
  private readonly searchFeeds: SearchFeeds;
  private readonly jobRooms = new Map<string, { room: JobRoom; users: number }>();
  private readonly eventListeners = new Set<EventListener>();
  private readonly lostListeners = new Set<(workflowId: string, reason: string) => void>();
  private readonly stale = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(private readonly queries: QueryClient) {
    this.connection = new Connection({
      open: (protocols) => new WebSocket(socketUrl(), protocols) as unknown as SocketLike,
      ticket: async () => (await auth.wsTicket()).ticket,
      token: () => session.access,
      renew: async () => (await session.refresh()).status === "signed-in",
      lost: (room, reason) => this.lost(room, reason),
      online: () => navigator.onLine,
    });
    this.work = new WorkCache(queries);
    this.searchFeeds = new SearchFeeds(this.connection, this.matches, () => this.owner());
  }

  /** Follows the browser's signs of waking and the session's renewals until the returned function is called. */
  start(): () => void {
    let access = session.access;
    const stopSigns = onWaking((long) => {
      this.connection.wake();
      if (long) this.connection.validate();
    });
    const stopMatches = this.matches.start();
    const unsubscribe = session.subscribe(() => {
      if (session.access === access) return;
      access = session.access;
      if (access) this.connection.reauthenticate();
      else this.signedOut();
    });
    return () => {
      unsubscribe();
      stopMatches();
      stopSigns();
      this.connection.stop();
    };
  }

  /** Keeps a cached board moving while anyone looks at it. */
  follow(workflowId: string): () => void {
    const entry = this.entry(workflowId);
    const board = this.board(workflowId);
    if (entry.board) entry.board.users += 1;
    else if (board) {
      const room = new Room(workflowId, board, {
        fetchEvents: (id, since, epoch) => boardApi.events(id, since, epoch),
        fetchBoard: (id) => boardApi.snapshot(id),
        commit: (id, next, events) => this.commit(id, next, events),
      });
      // The room takes the feed's place under the same name.
      entry.feed?.close();
      entry.feed = null;
      entry.board = { room, users: 1 };
      this.connection.join(room);
    }
    return () => {
      const held = entry.board;
      if (!held || this.followed.get(workflowId) !== entry) return;
      held.users -= 1;
      if (held.users > 0) return;
      entry.board = null;
      const { cursor } = held.room;
      // Those who only watch go on from where the board stood.
      if (entry.watchers > 0) this.openFeed(workflowId, entry, cursor);
      this.connection.leave(held.room);
      held.room.close();
    };
  }

  /** Hears what happens in a workflow, whether or not its board is open. */
  watch(workflowId: string): () => void {
    const entry = this.entry(workflowId);
    entry.watchers += 1;
    if (entry.watchers === 1 && !entry.board) void this.beginFeed(workflowId, entry);
    return () => {
      entry.watchers -= 1;
      if (entry.watchers === 0) this.dropFeed(entry);
    };
  }

  followSearch(search: SavedSearch): () => void {
    return this.searchFeeds.follow(search);
  }

  onMatches(listener: MatchListener): () => void {
    return this.searchFeeds.onMatches(listener);
  }

  /** One job's room and transcript. */
  followJob(jobId: string): { room: JobRoom; leave: () => void } {
    let held = this.jobRooms.get(jobId);
    if (!held) {
      const room = new JobRoom(jobId, {
        fetchEvents: (since, epoch) => jobs.events(jobId, since, epoch),
        fetchPosition: () => standing(jobs.events(jobId, 0, undefined, 1)),
        fetchBefore: (order, limit) => messages.before(jobId, order, limit),
        fetchAfter: (order, limit) => messages.after(jobId, order, limit),
        commit: (events) => this.work.apply(events),
        present: (job) => {
          if (job) this.queries.setQueryData(queryKeys.job(jobId), job);
          else void this.queries.invalidateQueries({ queryKey: queryKeys.job(jobId) });
        },
      });
      held = { room, users: 0 };
      this.jobRooms.set(jobId, held);
      this.connection.join(room.feed);
    }
    const { room } = held;
    held.users += 1;
    const leave = () => {
      const entry = this.jobRooms.get(jobId);
      if (entry?.room !== room) return;
      entry.users -= 1;
      if (entry.users > 0) return;
      this.jobRooms.delete(jobId);
      this.connection.leave(room.feed);
      room.close();
    };
    return { room, leave };
  }

  board(workflowId: string): BoardState | undefined {
    return this.queries.getQueryData<BoardState>(queryKeys.board(workflowId));
  }

  /** For when an answer arrived but its event has not: asks for what is missing. */
  async catchUp(workflowId: string): Promise<void> {
    await this.followed.get(workflowId)?.board?.room.catchUp();
  }

  onEvents(listener: EventListener): () => void {
    this.eventListeners.add(listener);
    return () => this.eventListeners.delete(listener);
  }

  onLost(listener: (workflowId: string, reason: string) => void): () => void {
    this.lostListeners.add(listener);
    return () => this.lostListeners.delete(listener);
  }

  private entry(workflowId: string): Followed {
    let entry = this.followed.get(workflowId);
    if (!entry) {
      entry = { board: null, watchers: 0, feed: null };
      this.followed.set(workflowId, entry);
    }
    return entry;
  }

  private async beginFeed(workflowId: string, entry: Followed): Promise<void> {
    const from = await standing(boardApi.events(workflowId, 0, undefined, 1)).catch(() => null);
    if (from) this.openFeed(workflowId, entry, from);
  }

  private openFeed(workflowId: string, entry: Followed, from: Position): void {
    if (entry.board || entry.feed || entry.watchers === 0 || this.followed.get(workflowId) !== entry) return;
    entry.feed = new Feed(`workflow:${workflowId}`, from, {
      fetchEvents: (since, epoch) => boardApi.events(workflowId, since, epoch),
      fetchPosition: () => standing(boardApi.events(workflowId, 0, undefined, 1)),
      commit: (events) => this.told(workflowId, events, undefined),
      begin: () => this.work.refreshAll(),
    });
    this.connection.join(entry.feed);
  }

  private dropFeed(entry: Followed): void {
    if (!entry.feed) return;
    this.connection.leave(entry.feed);
    entry.feed.close();
    entry.feed = null;
  }

  private commit(workflowId: string, board: BoardState, events: readonly LiveEvent[]): void {
    this.queries.setQueryData(queryKeys.board(workflowId), board);
    this.optimistic.reconcile(board);
    // A board read anew tells of what happened meanwhile; the lists beside it have to ask.
    if (events.length === 0) this.work.refreshAll();
    this.told(workflowId, events, board);
  }

  private told(workflowId: string, events: readonly LiveEvent[], board: BoardState | undefined): void {
    for (const event of events) this.patchTicket(event);
    this.work.apply(events);
    for (const listener of this.eventListeners) listener(workflowId, events, board);
  }

  private owner(): string {
    const state = session.get();
    return state.status === "signed-in" ? state.user.id : "";
  }

  private patchTicket(event: LiveEvent): void {
    if (!event.ticket_id || isChatter(event)) return;
    const key = queryKeys.ticket(event.ticket_id);
    if (!this.queries.getQueryState(key)) return;
    if (event.type !== "ticket_deleted") {
      this.queries.setQueryData<TicketDetail>(key, (old) => old && applyToTicket(old, event));
    }
    const id = event.ticket_id;
    clearTimeout(this.stale.get(id));
    this.stale.set(
      id,
      setTimeout(() => {
        this.stale.delete(id);
        void this.queries.invalidateQueries({ queryKey: key });
      }, REFRESH_TICKET_MS),
    );
  }

  private lost(name: string, reason: string): void {
    const [kind, id = ""] = [name.slice(0, name.indexOf(":")), name.slice(name.indexOf(":") + 1)];
    if (kind === "search") {
      this.searchFeeds.lost(id);
      void this.queries.invalidateQueries({ queryKey: ["saved-searches"] });
      return;
    }
    if (kind === "job") {
      this.jobRooms.get(id)?.room.close();
      this.jobRooms.delete(id);
      void this.queries.invalidateQueries({ queryKey: queryKeys.job(id) });
      return;
    }
    const entry = this.followed.get(id);
    this.followed.delete(id);
    entry?.board?.room.close();
    entry?.feed?.close();
    for (const listener of this.lostListeners) listener(id, reason);
    // Read again, the server says what there is to see now; usually that there is nothing.
    void this.queries.resetQueries({ queryKey: queryKeys.board(id) });
    void this.queries.invalidateQueries({ queryKey: queryKeys.workflows });
  }

  private signedOut(): void {
    for (const { board, feed } of this.followed.values()) {
      board?.room.close();
      feed?.close();
    }
    this.followed.clear();
    for (const { room } of this.jobRooms.values()) room.close();
    this.jobRooms.clear();
    this.searchFeeds.clear();
    this.connection.stop();
    this.queries.clear();
  }
}

function socketUrl(): string {
  const url = new URL("/ws", window.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
