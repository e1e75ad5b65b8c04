/**
 * The live client of a tab: connects the session, the socket, the rooms and the query cache.
 *
 * Below it, `transport` (socket and polling) drives the rooms of `streams` (order, gaps, resuming), and those apply
 * events with the functions of `state`. Imports go only in that direction: transport → streams → state.
 */
import type { QueryClient } from "@tanstack/react-query";
import { auth, board as boardApi, jobs, messages, session } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { LiveEvent, SavedSearch } from "@/api/types";
import type { BoardState } from "./state/board";
import { MatchCursorStore } from "./state/matches";
import { OptimisticMoves } from "./state/optimistic";
import { TicketCache } from "./state/ticket-cache";
import { WorkCache } from "./state/work-cache";
import { BoardRoom } from "./streams/board-room";
import { currentCursor, type StreamCursor } from "./streams/cursor";
import { Feed } from "./streams/feed";
import { JobRoom } from "./streams/job-room";
import { type MatchListener, SearchFeeds } from "./streams/search-feeds";
import { Connection, type SocketLike } from "./transport/connection";
import { onPageResume } from "./transport/page-resume";

/** `board` is undefined unless the workflow's board is open. */
type EventListener = (workflowId: string, events: readonly LiveEvent[], board: BoardState | undefined) => void;
type RevokedListener = (workflowId: string, reason: string) => void;

/** The subscription to one workflow: a board room while the board is open, otherwise a feed for the watchers. */
interface WorkflowSubscription {
  board: { room: BoardRoom; users: number } | null;
  watchers: number;
  feed: Feed | null;
}

export class LiveClient {
  readonly optimistic = new OptimisticMoves();
  readonly connection: Connection;
  readonly matches = new MatchCursorStore(() => this.userId());
  readonly work: WorkCache;
  private readonly tickets: TicketCache;
  private readonly workflows = new Map<string, WorkflowSubscription>();
  private readonly searchFeeds: SearchFeeds;
  private readonly jobRooms = new Map<string, { room: JobRoom; users: number }>();
  private readonly eventListeners = new Set<EventListener>();
  private readonly revokedListeners = new Set<RevokedListener>();

  constructor(private readonly queries: QueryClient) {
    this.connection = new Connection({
      open: (protocols) => new WebSocket(socketUrl(), protocols) as unknown as SocketLike,
      fetchTicket: async () => (await auth.wsTicket()).ticket,
      token: () => session.access,
      refreshToken: async () => (await session.refresh()).status === "signed-in",
      onRevoked: (room, reason) => this.handleRevoked(room, reason),
      isOnline: () => navigator.onLine,
    });
    this.work = new WorkCache(queries);
    this.tickets = new TicketCache(queries);
    this.searchFeeds = new SearchFeeds(this.connection, this.matches, () => this.userId());
  }

  /** Reacts to page resumes and token refreshes until the returned function is called. */
  start(): () => void {
    let access = session.access;
    const stopResume = onPageResume((suspended) => {
      this.connection.resume();
      if (suspended) this.connection.catchUp();
    });
    const stopMatches = this.matches.start();
    const unsubscribe = session.subscribe(() => {
      if (session.access === access) return;
      access = session.access;
      if (access) this.connection.reauthenticate();
      else this.handleSignOut();
    });
    return () => {
      unsubscribe();
      stopMatches();
      stopResume();
      this.connection.stop();
    };
  }

  /** Keeps the cached board of a workflow up to date. The board must be in the cache. */
  followBoard(workflowId: string): () => void {
    const entry = this.subscription(workflowId);
    const board = this.board(workflowId);
    if (entry.board) entry.board.users += 1;
    else if (board) {
      const room = new BoardRoom(workflowId, board, {
        fetchEvents: (id, since, epoch) => boardApi.events(id, since, epoch),
        fetchBoard: (id) => boardApi.snapshot(id),
        fetchOlder: (id, status, cursor) => boardApi.olderTickets(id, status, cursor),
        onChange: (id, next, events) => this.handleBoardChange(id, next, events),
      });
      // The board room replaces the feed, because both have the same room name.
      entry.feed?.close();
      entry.feed = null;
      entry.board = { room, users: 1 };
      this.connection.join(room);
    }
    return () => {
      const held = entry.board;
      if (!held || this.workflows.get(workflowId) !== entry) return;
      held.users -= 1;
      if (held.users > 0) return;
      entry.board = null;
      const { cursor } = held.room;
      // Watchers continue from the board's cursor.
      if (entry.watchers > 0) this.openFeed(workflowId, entry, cursor);
      this.connection.leave(held.room);
      held.room.close();
    };
  }

  /** Delivers a workflow's events to the listeners and caches, whether or not its board is open. */
  watchWorkflow(workflowId: string): () => void {
    const entry = this.subscription(workflowId);
    entry.watchers += 1;
    if (entry.watchers === 1 && !entry.board) void this.startFeed(workflowId, entry);
    return () => {
      entry.watchers -= 1;
      if (entry.watchers === 0) this.closeFeed(entry);
    };
  }

  followSearch(search: SavedSearch): () => void {
    return this.searchFeeds.follow(search);
  }

  onMatches(listener: MatchListener): () => void {
    return this.searchFeeds.onMatches(listener);
  }

  /** Joins a job's room, shared by all callers. */
  followJob(jobId: string): { room: JobRoom; leave: () => void } {
    let held = this.jobRooms.get(jobId);
    if (!held) {
      const room = new JobRoom(jobId, {
        fetchEvents: (since, epoch) => jobs.events(jobId, since, epoch),
        fetchCursor: () => currentCursor(jobs.events(jobId, 0, undefined, 1)),
        fetchBefore: (order, limit) => messages.before(jobId, order, limit),
        fetchAfter: (order, limit) => messages.after(jobId, order, limit),
        onEvents: (events) => this.work.apply(events),
        onJob: (job) => {
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

  /** Fetches the missing events of an open board, for a change whose event has not arrived. */
  async catchUp(workflowId: string): Promise<void> {
    await this.workflows.get(workflowId)?.board?.room.catchUp();
  }

  /** Loads the next older tickets of a done column of an open board. */
  async showOlder(workflowId: string, status: string): Promise<void> {
    await this.workflows.get(workflowId)?.board?.room.showOlder(status);
  }

  onEvents(listener: EventListener): () => void {
    this.eventListeners.add(listener);
    return () => this.eventListeners.delete(listener);
  }

  /** Called when the user loses access to a workflow. */
  onAccessRevoked(listener: RevokedListener): () => void {
    this.revokedListeners.add(listener);
    return () => this.revokedListeners.delete(listener);
  }

  private subscription(workflowId: string): WorkflowSubscription {
    let entry = this.workflows.get(workflowId);
    if (!entry) {
      entry = { board: null, watchers: 0, feed: null };
      this.workflows.set(workflowId, entry);
    }
    return entry;
  }

  private async startFeed(workflowId: string, entry: WorkflowSubscription): Promise<void> {
    const from = await currentCursor(boardApi.events(workflowId, 0, undefined, 1)).catch(() => null);
    if (from) this.openFeed(workflowId, entry, from);
  }

  private openFeed(workflowId: string, entry: WorkflowSubscription, from: StreamCursor): void {
    if (entry.board || entry.feed || entry.watchers === 0 || this.workflows.get(workflowId) !== entry) return;
    entry.feed = new Feed(`workflow:${workflowId}`, from, {
      fetchEvents: (since, epoch) => boardApi.events(workflowId, since, epoch),
      fetchCursor: () => currentCursor(boardApi.events(workflowId, 0, undefined, 1)),
      onEvents: (events) => this.deliver(workflowId, events, undefined),
      onRestart: () => this.work.refreshAll(),
    });
    this.connection.join(entry.feed);
  }

  private closeFeed(entry: WorkflowSubscription): void {
    if (!entry.feed) return;
    this.connection.leave(entry.feed);
    entry.feed.close();
    entry.feed = null;
  }

  private handleBoardChange(workflowId: string, board: BoardState, events: readonly LiveEvent[]): void {
    this.queries.setQueryData(queryKeys.board(workflowId), board);
    this.optimistic.reconcile(board);
    // A replaced board carries no events for the lists of jobs and approvals, so they are refetched.
    if (events.length === 0) this.work.refreshAll();
    this.deliver(workflowId, events, board);
  }

  private deliver(workflowId: string, events: readonly LiveEvent[], board: BoardState | undefined): void {
    this.tickets.apply(events);
    this.work.apply(events);
    for (const listener of this.eventListeners) listener(workflowId, events, board);
  }

  private userId(): string {
    const state = session.get();
    return state.status === "signed-in" ? state.user.id : "";
  }

  private handleRevoked(name: string, reason: string): void {
    const [kind, id = ""] = [name.slice(0, name.indexOf(":")), name.slice(name.indexOf(":") + 1)];
    if (kind === "search") {
      this.searchFeeds.drop(id);
      void this.queries.invalidateQueries({ queryKey: ["saved-searches"] });
      return;
    }
    if (kind === "job") {
      this.jobRooms.get(id)?.room.close();
      this.jobRooms.delete(id);
      void this.queries.invalidateQueries({ queryKey: queryKeys.job(id) });
      return;
    }
    const entry = this.workflows.get(id);
    this.workflows.delete(id);
    entry?.board?.room.close();
    entry?.feed?.close();
    for (const listener of this.revokedListeners) listener(id, reason);
    // The refetch usually fails with 404, and the page then shows that.
    void this.queries.resetQueries({ queryKey: queryKeys.board(id) });
    void this.queries.invalidateQueries({ queryKey: queryKeys.workflows });
  }

  private handleSignOut(): void {
    for (const { board, feed } of this.workflows.values()) {
      board?.room.close();
      feed?.close();
    }
    this.workflows.clear();
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
