/** The rows of the list that shows a diff: one list for all files, so that only what is in sight is drawn. Pure. */
import type { DiffFile } from "./files";
import type { DiffLine } from "./parse";

export type Mode = "unified" | "split";

/** A line, and the line that it replaces or is replaced by. */
export interface Cell {
  line: DiffLine;
  partner: DiffLine | null;
}

export type Row =
  | { kind: "message" }
  | { kind: "file"; file: DiffFile }
  | { kind: "note"; file: DiffFile; text: string }
  | { kind: "gap"; file: DiffFile; gap: number; skipped: number | null; heading: string }
  | { kind: "line"; file: DiffFile; cell: Cell; startsChange: boolean }
  | { kind: "pair"; file: DiffFile; left: Cell | null; right: Cell | null; startsChange: boolean }
  | { kind: "end"; file: DiffFile };

export interface Rows {
  rows: readonly Row[];
  /** The row of each file's header. */
  headers: readonly number[];
  /** The rows at which changes begin. */
  changes: readonly number[];
}

const MESSAGE: Row = { kind: "message" };

export function toRows(files: readonly DiffFile[], mode: Mode, collapsed: ReadonlySet<number>, message: boolean): Rows {
  const rows: Row[] = message ? [MESSAGE] : [];
  const headers: number[] = [];
  const changes: number[] = [];
  for (const file of files) {
    const own = rowsOf(file, mode);
    headers.push(rows.length);
    rows.push(own.header);
    if (!collapsed.has(file.index)) {
      for (const row of own.body) {
        if ("startsChange" in row && row.startsChange) changes.push(rows.length);
        rows.push(row);
      }
    }
    rows.push(own.end);
  }
  return { rows, headers, changes };
}

interface FileRows {
  header: Row;
  body: Row[];
  end: Row;
}

const cache = new WeakMap<DiffFile, Partial<Record<Mode, FileRows>>>();

/** The rows of one file. They are kept, so that rows that are drawn already stay the same. */
function rowsOf(file: DiffFile, mode: Mode): FileRows {
  let known = cache.get(file);
  if (!known) {
    known = {};
    cache.set(file, known);
  }
  known[mode] ??= { header: { kind: "file", file }, body: bodyOf(file, mode), end: { kind: "end", file } };
  return known[mode];
}

function bodyOf(file: DiffFile, mode: Mode): Row[] {
  const rows: Row[] = [];
  file.hunks.forEach(({ skipped, heading, lines }, hunk) => {
    if (skipped > 0 || hunk > 0) rows.push({ kind: "gap", file, gap: hunk, skipped, heading });
    let at = 0;
    while (at < lines.length) {
      const line = lines[at] as DiffLine;
      if (line.kind === "same") {
        const cell: Cell = { line, partner: null };
        rows.push(
          mode === "unified"
            ? { kind: "line", file, cell, startsChange: false }
            : { kind: "pair", file, left: cell, right: cell, startsChange: false },
        );
        at++;
        continue;
      }
      const removed = run(lines, at, "removed");
      const added = run(lines, at + removed, "added");
      const pairs = Math.min(removed, added);
      const cellOf = (offset: number, partner: number | null): Cell => ({
        line: lines[offset] as DiffLine,
        partner: partner === null ? null : (lines[partner] as DiffLine),
      });
      const begin = at;
      const old = Array.from({ length: removed }, (_, i) => cellOf(begin + i, i < pairs ? begin + removed + i : null));
      const fresh = Array.from({ length: added }, (_, i) => cellOf(begin + removed + i, i < pairs ? begin + i : null));
      if (mode === "unified") {
        [...old, ...fresh].forEach((cell, i) => {
          rows.push({ kind: "line", file, cell, startsChange: i === 0 });
        });
      } else {
        for (let i = 0; i < Math.max(removed, added); i++) {
          rows.push({ kind: "pair", file, left: old[i] ?? null, right: fresh[i] ?? null, startsChange: i === 0 });
        }
      }
      at += removed + added;
    }
  });
  if (file.skippedBelow !== 0) {
    rows.push({ kind: "gap", file, gap: file.hunks.length, skipped: file.skippedBelow, heading: "" });
  }
  for (const text of file.notes) rows.push({ kind: "note", file, text });
  return rows;
}

/** How many lines of a kind follow each other. */
function run(lines: readonly DiffLine[], from: number, kind: DiffLine["kind"]): number {
  let to = from;
  while (lines[to]?.kind === kind) to++;
  return to - from;
}

/** The last of some ascending numbers that is not above a limit, as its place; -1 if all are above. */
export function lastUpTo(numbers: readonly number[], limit: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? 0) <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

const numbers = new WeakMap<DiffLine, number>();
let lastNumber = 0;

function numberOf(line: DiffLine | undefined): number {
  if (!line) return 0;
  let number = numbers.get(line);
  if (number === undefined) {
    number = ++lastNumber;
    numbers.set(line, number);
  }
  return number;
}

/** What identifies a row, also among the rows of the same file with more of its lines. */
export function keyOf(row: Row): string {
  switch (row.kind) {
    case "line":
      return `line ${numberOf(row.cell.line)}`;
    case "pair":
      return `pair ${numberOf(row.left?.line)} ${numberOf(row.right?.line)}`;
    case "gap":
      return `gap ${row.file.index} ${row.gap}`;
    case "note":
      return `note ${row.file.index} ${row.text}`;
    case "message":
      return row.kind;
    default:
      return `${row.kind} ${row.file.index}`;
  }
}

/** The place of a row, or of the same one among rows that were made since; -1 if it is not shown. */
export function placeOf(rows: readonly Row[], row: Row): number {
  const at = rows.indexOf(row);
  if (at >= 0) return at;
  const key = keyOf(row);
  return rows.findIndex((other) => keyOf(other) === key);
}

/** The rows of the change that begins at a row. */
export function changeAt({ rows }: Rows, from: number): { from: number; to: number } {
  const file = (row: Row | undefined) => (row && "file" in row ? row.file : null);
  let to = from;
  for (let next = rows[to + 1]; next && isChanged(next) && !next.startsChange; next = rows[to + 1]) {
    if (file(next) !== file(rows[from])) break;
    to++;
  }
  return { from, to };
}

function isChanged(row: Row): row is Row & { kind: "line" | "pair" } {
  if (row.kind === "line") return row.cell.line.kind !== "same";
  return row.kind === "pair" && row.left !== row.right;
}

/** The highest line number, for the width of the numbers. */
export function highestNumber(files: readonly DiffFile[]): number {
  let highest = 0;
  for (const { hunks } of files) {
    for (const { lines } of hunks) {
      for (const { before, after } of lines.slice(-50)) highest = Math.max(highest, before ?? 0, after ?? 0);
    }
  }
  return highest;
}
