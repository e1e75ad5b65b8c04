/** The saved searches that this tab follows. New matches are announced once, in one tab. */
import { searches } from "@/api";
import type { LiveEvent, SavedSearch } from "@/api/types";
import { advanceCursor, type MatchCursorStore } from "../state/matches";
import type { StreamCursor } from "./cursor";
import { Feed } from "./feed";
import type { RoomRegistry } from "./room";

/** Receives tickets that started to match a saved search. */
export type MatchListener = (searchId: string, matches: readonly LiveEvent[]) => void;

/** A hidden tab waits this long, so that a visible tab announces the match first. */
const HIDDEN_DELAY_MS = 400;

export class SearchFeeds {
  private readonly feeds = new Map<string, Feed>();
  private readonly listeners = new Set<MatchListener>();
  /** The tail of a queue that processes events one batch at a time, in arrival order. */
  private queue: Promise<void> = Promise.resolve();

  constructor(
    private readonly rooms: RoomRegistry,
    private readonly store: MatchCursorStore,
    private readonly owner: () => string,
  ) {}

  /** Announces the matches since the stored cursor, then new ones as they happen. */
  follow(search: SavedSearch): () => void {
    const { search_id, epoch, last_seq } = search;
    this.store.begin(search);
    const feed = new Feed(`search:${search_id}`, this.store.cursor(search_id) ?? { epoch, seq: last_seq }, {
      fetchEvents: (since, from) => searches.events(search_id, since, from),
      fetchCursor: async () => {
        const now = await searches.get(search_id);
        return { epoch: now.epoch, seq: now.last_seq };
      },
      onEvents: (events, cursor) => this.enqueue(search_id, cursor, events),
      onRestart: (cursor) => this.enqueue(search_id, cursor, []),
    });
    this.feeds.get(search_id)?.close();
    this.feeds.set(search_id, feed);
    this.rooms.join(feed);
    return () => {
      if (this.feeds.get(search_id) !== feed) return;
      this.feeds.delete(search_id);
      this.rooms.leave(feed);
      feed.close();
    };
  }

  onMatches(listener: MatchListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Drops a feed that the server closed. */
  drop(searchId: string): void {
    this.feeds.get(searchId)?.close();
    this.feeds.delete(searchId);
  }

  clear(): void {
    for (const feed of this.feeds.values()) feed.close();
    this.feeds.clear();
  }

  private enqueue(searchId: string, cursor: StreamCursor, events: readonly LiveEvent[]): void {
    this.queue = this.queue
      .then(() => delayWhileHidden(HIDDEN_DELAY_MS))
      .then(() => this.announce(searchId, cursor, events))
      .catch(() => undefined);
  }

  private announce(searchId: string, cursor: StreamCursor, events: readonly LiveEvent[]): void {
    if (this.owner() === "") return;
    // Read from storage each time, because another tab may have announced some of the events.
    const before = this.store.cursor(searchId) ?? {
      ...cursor,
      seq: (events[0]?.seq ?? cursor.seq + 1) - 1,
      unread: 0,
    };
    if (events.length === 0) {
      this.store.put(searchId, { ...before, ...cursor });
      return;
    }
    const { cursor: after, matches } = advanceCursor(before, events);
    if (after !== before) this.store.put(searchId, after);
    if (matches.length > 0) for (const listener of this.listeners) listener(searchId, matches);
  }
}

function delayWhileHidden(delay: number): Promise<void> | undefined {
  return document.hidden ? new Promise((done) => setTimeout(done, delay)) : undefined;
}
