/** What the browser remembers about diffs: the files that were viewed, and how diffs are shown. */
import type { Mode } from "./model/rows";

const VIEWED = "callboard.diff.viewed";
const MODE = "callboard.diff.mode";
/** The oldest commits are forgotten beyond this. */
const MAX_COMMITS = 50;
const MAX_LENGTH = 200_000;

/** The paths viewed in each commit, the commit that was changed last at the end. */
type Viewed = [sha: string, paths: string[]][];

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Storage is full or blocked; what was viewed is known until the page is closed.
  }
}

function readAll(): Viewed {
  try {
    const stored: unknown = JSON.parse(read(VIEWED) ?? "[]");
    return Array.isArray(stored) ? stored.filter(isEntry) : [];
  } catch {
    return [];
  }
}

const isEntry = (entry: unknown): entry is Viewed[number] =>
  Array.isArray(entry) &&
  typeof entry[0] === "string" &&
  Array.isArray(entry[1]) &&
  entry[1].every((path) => typeof path === "string");

export function readViewed(sha: string): Set<string> {
  return new Set(readAll().find(([known]) => known === sha)?.[1]);
}

export function writeViewed(sha: string, paths: ReadonlySet<string>): void {
  const others = readAll().filter(([known]) => known !== sha);
  const all: Viewed = paths.size > 0 ? [...others, [sha, [...paths]]] : others;
  let kept = all.slice(-MAX_COMMITS);
  let text = JSON.stringify(kept);
  while (text.length > MAX_LENGTH && kept.length > 0) {
    kept = kept.slice(1);
    text = JSON.stringify(kept);
  }
  write(VIEWED, text);
}

export function readMode(): Mode {
  return read(MODE) === "split" ? "split" : "unified";
}

export function writeMode(mode: Mode): void {
  write(MODE, mode);
}
