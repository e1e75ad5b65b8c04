/** Joins the pieces: session → socket → rooms → the query cache. One per tab. */
import type { QueryClient } from "@tanstack/react-query";
import { auth, board as boardApi, searches, session } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { LiveEvent, SavedSearch, TicketDetail } from "@/api/types";
import type { BoardState } from "./board";
import { Connection, type SocketLike } from "./connection";
import { MatchStore, tell } from "./matches";
import { Optimistic } from "./optimistic";
import { Room } from "./room";
import { SearchRoom } from "./search-room";
import { applyToTicket } from "./ticket";

/** Tickets that began to match a saved search, told once. */
export type MatchListener = (searchId: string, matches: readonly LiveEvent[]) => void;
type EventListener = (workflowId: string, events: readonly LiveEvent[], board: BoardState) => void;

/** The rest of a ticket page (its history) is read again this long after the last of a burst of events. */
const REFRESH_TICKET_MS = 250;
/** Of several tabs, the one that is looked at tells of a match; the others leave it this much of a start. */
const HIDDEN_WAIT_MS = 400;

export class LiveClient {
  readonly optimistic = new Optimistic();
  readonly connection: Connection;
  readonly matches = new MatchStore(() => this.owner());
  private readonly rooms = new Map<string, { room: Room; users: number }>();
  private readonly searchRooms = new Map<string, SearchRoom>();
  /** One after the other, in the order they came. */
  private telling: Promise<void> = Promise.resolve();
  private readonly matchListeners = new Set<MatchListener>();
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
  }

  /** Follows the browser's signs of waking and the session's renewals until the returned function is called. */
  start(): () => void {
    let access = session.access;
    const wake = () => {
      if (document.visibilityState === "visible") this.connection.wake();
    };
    const stopMatches = this.matches.start();
    const unsubscribe = session.subscribe(() => {
      if (session.access === access) return;
      access = session.access;
      if (access) this.connection.reauthenticate();
      else this.signedOut();
    });
    document.addEventListener("visibilitychange", wake);
    window.addEventListener("online", wake);
    window.addEventListener("offline", wake);
    window.addEventListener("pageshow", wake);
    return () => {
      unsubscribe();
      stopMatches();
      document.removeEventListener("visibilitychange", wake);
      window.removeEventListener("online", wake);
      window.removeEventListener("offline", wake);
      window.removeEventListener("pageshow", wake);
      this.connection.stop();
    };
  }

  /** Keeps a cached board moving while anyone looks at it. */
  follow(workflowId: string): () => void {
    const held = this.rooms.get(workflowId);
    const board = this.board(workflowId);
    if (held) held.users += 1;
    else if (board) {
      const room = new Room(workflowId, board, {
        fetchEvents: (id, since, epoch) => boardApi.events(id, since, epoch),
        fetchBoard: (id) => boardApi.snapshot(id),
        commit: (id, next, events) => this.commit(id, next, events),
      });
      this.rooms.set(workflowId, { room, users: 1 });
      this.connection.join(room);
    }
    return () => {
      const entry = this.rooms.get(workflowId);
      if (!entry) return;
      entry.users -= 1;
      if (entry.users > 0) return;
      this.rooms.delete(workflowId);
      this.connection.leave(entry.room);
      entry.room.close();
    };
  }

  /** Tells what begins to match a saved search: first what did while nobody listened, then as it happens. */
  followSearch({ search_id, epoch, last_seq }: SavedSearch): () => void {
    if (!this.matches.cursor(search_id)) this.matches.put(search_id, { epoch, seq: last_seq, unread: 0 });
    const room = new SearchRoom(search_id, this.matches.cursor(search_id) ?? { epoch, seq: last_seq }, {
      fetchEvents: (id, since, from) => searches.events(id, since, from),
      fetchPosition: async (id) => {
        const now = await searches.get(id);
        return { epoch: now.epoch, seq: now.last_seq };
      },
      commit: (id, position, events) => {
        this.telling = this.telling
          .then(() => outOfSight(HIDDEN_WAIT_MS))
          .then(() => this.matched(id, position, events))
          .catch(() => undefined);
      },
    });
    this.searchRooms.get(search_id)?.close();
    this.searchRooms.set(search_id, room);
    this.connection.join(room);
    return () => {
      if (this.searchRooms.get(search_id) !== room) return;
      this.searchRooms.delete(search_id);
      this.connection.leave(room);
      room.close();
    };
  }

  onMatches(listener: MatchListener): () => void {
    this.matchListeners.add(listener);
    return () => this.matchListeners.delete(listener);
  }

  board(workflowId: string): BoardState | undefined {
    return this.queries.getQueryData<BoardState>(queryKeys.board(workflowId));
  }

  /** For when an answer arrived but its event has not: asks for what is missing. */
  async catchUp(workflowId: string): Promise<void> {
    await this.rooms.get(workflowId)?.room.catchUp();
  }

  onEvents(listener: EventListener): () => void {
    this.eventListeners.add(listener);
    return () => this.eventListeners.delete(listener);
  }

  onLost(listener: (workflowId: string, reason: string) => void): () => void {
    this.lostListeners.add(listener);
    return () => this.lostListeners.delete(listener);
  }

  private commit(workflowId: string, board: BoardState, events: readonly LiveEvent[]): void {
    this.queries.setQueryData(queryKeys.board(workflowId), board);
    this.optimistic.reconcile(board);
    for (const event of events) this.patchTicket(event);
    for (const listener of this.eventListeners) listener(workflowId, events, board);
  }

  private matched(searchId: string, position: { epoch: string; seq: number }, events: readonly LiveEvent[]): void {
    if (this.owner() === "") return;
    // Read anew: another tab may have told some of it already.
    const before = this.matches.cursor(searchId) ?? {
      ...position,
      seq: (events[0]?.seq ?? position.seq + 1) - 1,
      unread: 0,
    };
    if (events.length === 0) {
      this.matches.put(searchId, { ...before, ...position });
      return;
    }
    const { cursor, fresh } = tell(before, events);
    if (cursor !== before) this.matches.put(searchId, cursor);
    if (fresh.length > 0) for (const listener of this.matchListeners) listener(searchId, fresh);
  }

  private owner(): string {
    const state = session.get();
    return state.status === "signed-in" ? state.user.id : "";
  }

  private patchTicket(event: LiveEvent): void {
    if (!event.ticket_id) return;
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
    if (name.startsWith("search:")) {
      const id = name.slice("search:".length);
      this.searchRooms.get(id)?.close();
      this.searchRooms.delete(id);
      void this.queries.invalidateQueries({ queryKey: ["saved-searches"] });
      return;
    }
    const workflowId = name.replace(/^workflow:/, "");
    const entry = this.rooms.get(workflowId);
    this.rooms.delete(workflowId);
    entry?.room.close();
    for (const listener of this.lostListeners) listener(workflowId, reason);
    // Read again, the server says what there is to see now; usually that there is nothing.
    void this.queries.resetQueries({ queryKey: queryKeys.board(workflowId) });
    void this.queries.invalidateQueries({ queryKey: queryKeys.workflows });
  }

  private signedOut(): void {
    for (const { room } of this.rooms.values()) room.close();
    this.rooms.clear();
    for (const room of this.searchRooms.values()) room.close();
    this.searchRooms.clear();
    this.connection.stop();
    this.queries.clear();
  }
}

function outOfSight(wait: number): Promise<void> | undefined {
  return document.hidden ? new Promise((done) => setTimeout(done, wait)) : undefined;
}

function socketUrl(): string {
  const url = new URL("/ws", window.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
