/**
 * How far this browser has come in each saved search that wakes its owner: what was told, and how much of it has not
 * been looked at. Kept across visits, so that what matched while nobody was here is told on return, and only once,
 * however many tabs are open.
 */
import type { LiveEvent } from "@/api/types";

export interface MatchCursor {
  readonly epoch: string;
  /** The last event that was told. */
  readonly seq: number;
  /** Matches told since the search was last looked at. */
  readonly unread: number;
}

export interface Told {
  readonly cursor: MatchCursor;
  /** Matches that nobody was told of before. */
  readonly fresh: readonly LiveEvent[];
}

/** Takes events in the order of their seq; those that were told already are passed over. */
export function tell(cursor: MatchCursor, events: readonly LiveEvent[]): Told {
  const fresh: LiveEvent[] = [];
  let { epoch, seq, unread } = cursor;
  for (const event of events) {
    if (event.epoch !== epoch) {
      // Another life of the database: its numbers start anew, and all of it is new to us.
      epoch = event.epoch;
      seq = event.seq - 1;
    }
    if (event.seq <= seq) continue;
    seq = event.seq;
    if (event.type !== "search_matched") continue;
    unread += 1;
    fresh.push(event);
  }
  if (seq === cursor.seq && epoch === cursor.epoch) return { cursor, fresh };
  return { cursor: { epoch, seq, unread }, fresh };
}

/** What was kept, if it is whole: people and other programs can write there. */
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

/** The cursors, kept in the browser, the same in every tab. */
export class MatchStore {
  private readonly listeners = new Set<() => void>();
  private version = 0;

  constructor(
    private readonly owner: () => string,
    private readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem"> = window.localStorage,
  ) {}

  /** Also hears of other tabs, until the returned function is called. */
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

  /** Changes whenever any cursor did. */
  get = (): number => this.version;

  cursor(searchId: string): MatchCursor | null {
    try {
      return readCursor(this.storage.getItem(this.key(searchId)));
    } catch {
      return null;
    }
  }

  put(searchId: string, cursor: MatchCursor): void {
    try {
      this.storage.setItem(this.key(searchId), JSON.stringify(cursor));
    } catch {
      // Storage is full or forbidden: this tab still tells, the next visit starts from what the server lists.
    }
    this.changed();
  }

  /** The search was looked at. */
  seen(searchId: string): void {
    const cursor = this.cursor(searchId);
    if (cursor && cursor.unread > 0) this.put(searchId, { ...cursor, unread: 0 });
  }

  forget(searchId: string): void {
    try {
      this.storage.removeItem(this.key(searchId));
    } catch {
      // Nothing was kept.
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
