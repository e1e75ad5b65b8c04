/** The saved searches this tab listens to, and the telling of what begins to match them. */
import { searches } from "@/api";
import type { LiveEvent, SavedSearch } from "@/api/types";
import { type MatchStore, tell } from "../state/matches";
import type { Connection } from "../transport/connection";
import type { Position } from "./board-room";
import { Feed } from "./feed";

/** Tickets that began to match a saved search, told once. */
export type MatchListener = (searchId: string, matches: readonly LiveEvent[]) => void;

/** Of several tabs, the one that is looked at tells of a match; the others leave it this much of a start. */
const HIDDEN_WAIT_MS = 400;

export class SearchFeeds {
  private readonly feeds = new Map<string, Feed>();
  private readonly listeners = new Set<MatchListener>();
  /** One after the other, in the order they came. */
  private telling: Promise<void> = Promise.resolve();

  constructor(
    private readonly connection: Connection,
    private readonly matches: MatchStore,
    private readonly owner: () => string,
  ) {}

  /** Tells what begins to match: first what did while nobody listened, then as it happens. */
  follow({ search_id, epoch, last_seq }: SavedSearch): () => void {
    if (!this.matches.cursor(search_id)) this.matches.put(search_id, { epoch, seq: last_seq, unread: 0 });
    const feed = new Feed(`search:${search_id}`, this.matches.cursor(search_id) ?? { epoch, seq: last_seq }, {
      fetchEvents: (since, from) => searches.events(search_id, since, from),
      fetchPosition: async () => {
        const now = await searches.get(search_id);
        return { epoch: now.epoch, seq: now.last_seq };
      },
      commit: (events, position) => this.queue(search_id, position, events),
      begin: (position) => this.queue(search_id, position, []),
    });
    this.feeds.get(search_id)?.close();
    this.feeds.set(search_id, feed);
    this.connection.join(feed);
    return () => {
      if (this.feeds.get(search_id) !== feed) return;
      this.feeds.delete(search_id);
      this.connection.leave(feed);
      feed.close();
    };
  }

  onMatches(listener: MatchListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The server has ended it. */
  lost(searchId: string): void {
    this.feeds.get(searchId)?.close();
    this.feeds.delete(searchId);
  }

  clear(): void {
    for (const feed of this.feeds.values()) feed.close();
    this.feeds.clear();
  }

  private queue(searchId: string, position: Position, events: readonly LiveEvent[]): void {
    this.telling = this.telling
      .then(() => outOfSight(HIDDEN_WAIT_MS))
      .then(() => this.matched(searchId, position, events))
      .catch(() => undefined);
  }

  private matched(searchId: string, position: Position, events: readonly LiveEvent[]): void {
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
    if (fresh.length > 0) for (const listener of this.listeners) listener(searchId, fresh);
  }
}

function outOfSight(wait: number): Promise<void> | undefined {
  return document.hidden ? new Promise((done) => setTimeout(done, wait)) : undefined;
}
