/**
 * What somebody has typed and not sent yet, kept in this browser by person and place. It survives Escape, a reload, the end
 * of a session and a crash, until it is sent or discarded. Never for passwords, keys and other secrets.
 *
 * Each draft is an entry of its own, so that two tabs do not overwrite each other's; in one place, the last one wins. What
 * storage refuses lasts until the page is closed.
 */

export interface Draft {
  value: unknown;
  /** When it was typed, in milliseconds. */
  at: number;
  /** What the draft changes, as it was when the draft was begun. */
  base?: string;
}

const PREFIX = "callboard.draft.";
const MAX_DRAFTS = 100;
/** In characters: of one draft, and of all. */
const MAX_LENGTH = 250_000;
const MAX_TOTAL = 1_000_000;
const MAX_AGE_MS = 14 * 86_400_000;
/** Shorter drafts are not worth counting at every key. */
const LONG = 10_000;

let owner: string | null = null;
const unstored = new Map<string, Draft>();
const listeners = new Set<() => void>();

/**
 * Whose drafts are read and written from now on. Without an owner, nothing is kept. After the end of a session, the last
 * owner stays until somebody signs in.
 */
export function setDraftOwner(id: string | null): void {
  if (id === null || id === owner) return;
  owner = id;
  unstored.clear();
  prune();
  notify();
}

export function readDraft(place: string): Draft | null {
  const key = keyOf(place);
  if (key === null) return null;
  const draft = unstored.get(key) ?? parse(getItem(key));
  return draft && Date.now() - draft.at < MAX_AGE_MS ? draft : null;
}

export function writeDraft(place: string, value: unknown, base?: string): void {
  const key = keyOf(place);
  if (key === null) return;
  const draft: Draft = { value, at: Date.now(), ...(base === undefined ? {} : { base }) };
  const text = JSON.stringify(draft);
  const isNew = getItem(key) === null;
  if (text.length <= MAX_LENGTH && store(key, text)) {
    unstored.delete(key);
    if (isNew || text.length > LONG) prune(key);
  } else {
    unstored.set(key, draft);
  }
  if (isNew) notify();
}

export function discardDraft(place: string): void {
  const key = keyOf(place);
  if (key === null || (getItem(key) === null && !unstored.has(key))) return;
  unstored.delete(key);
  removeItem(key);
  notify();
}

/** Whether every draft would survive a reload. */
export function areDraftsStored(): boolean {
  return unstored.size === 0;
}

/** Tells when a draft was begun or deleted, in this tab or another one. */
export function onDrafts(listener: () => void): () => void {
  if (listeners.size === 0) globalThis.addEventListener?.("storage", onStorage);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) globalThis.removeEventListener?.("storage", onStorage);
  };
}

function onStorage({ key }: StorageEvent): void {
  if (key === null || key.startsWith(PREFIX)) notify();
}

function notify(): void {
  for (const listener of listeners) listener();
}

function keyOf(place: string): string | null {
  return owner === null ? null : `${PREFIX}${owner}.${place}`;
}

/** Stores an entry; where storage is full, the oldest drafts make room. */
function store(key: string, text: string): boolean {
  for (;;) {
    try {
      localStorage.setItem(key, text);
      return true;
    } catch {
      const oldest = stored().find((entry) => entry.key !== key);
      if (!oldest || !removeItem(oldest.key)) return false;
    }
  }
}

/** Deletes drafts that are too old, unreadable, or beyond the bounds: the oldest first, and `kept` never. */
function prune(kept?: string): void {
  const all = stored();
  let count = all.length;
  let total = all.reduce((sum, { length }) => sum + length, 0);
  for (const { key, at, length } of all) {
    const fits = count <= MAX_DRAFTS && total <= MAX_TOTAL && Date.now() - at < MAX_AGE_MS;
    if (fits || key === kept) continue;
    removeItem(key);
    count -= 1;
    total -= length;
  }
}

/** The drafts of all people in this browser, the oldest first. */
function stored(): Array<{ key: string; at: number; length: number }> {
  try {
    const keys = Array.from({ length: localStorage.length }, (_, index) => localStorage.key(index) ?? "");
    return keys
      .filter((key) => key.startsWith(PREFIX))
      .map((key) => {
        const text = getItem(key);
        return { key, at: parse(text)?.at ?? 0, length: text?.length ?? 0 };
      })
      .sort((a, b) => a.at - b.at);
  } catch {
    return [];
  }
}

function parse(text: string | null): Draft | null {
  if (text === null) return null;
  try {
    const entry: unknown = JSON.parse(text);
    if (typeof entry !== "object" || entry === null) return null;
    const { value, at, base } = entry as Record<string, unknown>;
    if (value === undefined || typeof at !== "number") return null;
    return { value, at, ...(typeof base === "string" ? { base } : {}) };
  } catch {
    return null;
  }
}

function getItem(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function removeItem(key: string): boolean {
  try {
    localStorage.removeItem(key);
    return true;
  } catch {
    return false;
  }
}
