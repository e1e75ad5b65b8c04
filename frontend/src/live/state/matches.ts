/**
 * A cursor for each saved search with notifications: the last match announced, and the number of unread ones. Cursors
 * are kept in local storage, so matches that happened between visits are announced once, whatever the number of tabs.
 */
import type { LiveEvent, SavedSearch } from "@/api/types";

export interface MatchCursor {
  readonly epoch: string;
  /** The last event that was announced. */
  readonly seq: number;
  /** Matches announced since the search was last opened. */
  readonly unread: number;
}

export interface Advance {
  readonly cursor: MatchCursor;
  /** Matches not announced before. */
  readonly matches: readonly LiveEvent[];
}

/** Moves a cursor over events in seq order. Idempotent: events up to the cursor are skipped. */
export function advanceCursor(cursor: MatchCursor, events: readonly LiveEvent[]): Advance {
  const matches: LiveEvent[] = [];
  let { epoch, seq, unread } = cursor;
  for (const event of events) {
    if (event.epoch !== epoch) {
      // In a new epoch the numbering restarts and every event is new.
      epoch = event.epoch;
      seq = event.seq - 1;
    }
    if (event.seq <= seq) continue;
    seq = event.seq;
    if (event.type !== "search_matched") continue;
    unread += 1;
    matches.push(event);
  }
  if (seq === cursor.seq && epoch === cursor.epoch) return { cursor, matches };
  return { cursor: { epoch, seq, unread }, matches };
}

/** Parses a stored cursor. Local storage is not trusted: anything malformed is null. */
export function readCursor(text: string | null): MatchCursor | null {
  if (!text) return null;
  try {
    const { epoch, seq, unread } = JSON.parse(text) as Record<string, unknown>;
    if (typeof epoch !== "string" || !isCount(seq) || !isCount(unread)) return null;
    return { epoch, seq, unread };
  } catch {
    return null;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

const PREFIX = "callboard.matches";

/** The cursors in local storage, shared by all tabs. */
export class MatchCursorStore {
  private readonly listeners = new Set<() => void>();
  private version = 0;

  constructor(
    private readonly owner: () => string,
    private readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem"> = window.localStorage,
  ) {}

  /** Follows changes made by other tabs until the returned function is called. */
  start(): () => void {
    const onStorage = ({ key }: StorageEvent) => {
      if (key === null || key.startsWith(PREFIX)) this.changed();
    };
    window.addEventListener("storage", onStorage);
    return () => window.removeEventListener("storage", onStorage);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** A counter that changes with any cursor, for `useSyncExternalStore`. */
  getVersion = (): number => this.version;

  cursor(searchId: string): MatchCursor | null {
    try {
      return readCursor(this.storage.getItem(this.key(searchId)));
    } catch {
      return null;
    }
  }

  /** Starts at the end of a search's events, unless they are followed already. */
  begin({ search_id, epoch, last_seq }: Pick<SavedSearch, "search_id" | "epoch" | "last_seq">): void {
    if (!this.cursor(search_id)) this.put(search_id, { epoch, seq: last_seq, unread: 0 });
  }

  put(searchId: string, cursor: MatchCursor): void {
    try {
      this.storage.setItem(this.key(searchId), JSON.stringify(cursor));
    } catch {
      // Storage is full or blocked: this tab still announces matches, and the next visit starts at the server's cursor.
    }
    this.changed();
  }

  /** Resets the unread count. */
  markSeen(searchId: string): void {
    const cursor = this.cursor(searchId);
    if (cursor && cursor.unread > 0) this.put(searchId, { ...cursor, unread: 0 });
  }

  remove(searchId: string): void {
    try {
      this.storage.removeItem(this.key(searchId));
    } catch {
      // Storage is blocked, so nothing was stored.
    }
    this.changed();
  }

  private key(searchId: string): string {
    return `${PREFIX}.${this.owner()}.${searchId}`;
  }

  private changed(): void {
    this.version += 1;
    for (const listener of this.listeners) listener();
  }
}
