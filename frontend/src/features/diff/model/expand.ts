/** Adds unchanged lines that were left out of a diff to a file's hunks. Pure. */
import type { DiffFile } from "./files";
import type { DiffLine, Hunk } from "./parse";

/** Lines that one step shows, and all that can be shown at once. */
export const STEP = 20;
export const MAX_AT_ONCE = 500;

/** Whether one step shows all lines of a gap. How many are left at the end of a file is unknown at first. */
export const fitsAtOnce = (skipped: number | null): boolean => skipped === null || skipped <= STEP;

/** Which lines of a gap: those below the hunk above it, those above the hunk below it, or all. */
export type Part = "top" | "bottom" | "all";

/** Numbers of lines in the new file, inclusive. */
export interface LineRange {
  first: number;
  last: number;
}

/** The first line that a hunk does not show, in the new file. */
const endOf = ({ after, lines }: Hunk): number => after + lines.filter(({ kind }) => kind !== "removed").length;

/** The lines of the gap before a hunk, or after the last one, that a step shows. */
export function rangeOf(file: DiffFile, gap: number, part: Part): LineRange {
  const above = file.hunks[gap - 1];
  const below = file.hunks[gap];
  const first = above ? endOf(above) : 1;
  const last = below ? below.after - 1 : first + (file.skippedBelow ?? STEP) - 1;
  if (part === "top") return { first, last: Math.min(last, first + STEP - 1) };
  return part === "bottom" ? { first: Math.max(first, last - STEP + 1), last } : { first, last };
}

/** The file with lines of a gap, which begin at `first`. `total` is the number of lines of the new file. */
export function withLines(
  file: DiffFile,
  gap: number,
  first: number,
  texts: readonly string[],
  total: number,
): DiffFile {
  const above = file.hunks[gap - 1];
  const below = file.hunks[gap];
  // How much the old file's numbers differ from the new one's.
  const shift = below ? below.before - below.after : above ? oldEndOf(above) - endOf(above) : 0;
  const lines = texts.map(
    (text, i): DiffLine => ({
      kind: "same",
      before: first + i + shift,
      after: first + i,
      text: text.endsWith("\r") ? text.slice(0, -1) : text,
    }),
  );
  const hunks = [...file.hunks];
  const next = first + lines.length;
  if (above && first === endOf(above)) {
    const closes = below !== undefined && next >= below.after;
    const joined = { ...above, lines: [...above.lines, ...lines, ...(closes ? below.lines : [])] };
    hunks.splice(gap - 1, closes ? 2 : 1, joined);
    if (below && !closes) hunks[gap] = { ...below, skipped: below.after - next };
  } else if (below && next === below.after) {
    const skipped = Math.max(0, below.skipped - lines.length);
    hunks[gap] = { ...below, skipped, before: first + shift, after: first, lines: [...lines, ...below.lines] };
  }
  const end = hunks.at(-1);
  const skippedBelow = file.skippedBelow === 0 || !end ? 0 : Math.max(0, total - endOf(end) + 1);
  return { ...file, hunks, skippedBelow };
}

const oldEndOf = ({ before, lines }: Hunk): number => before + lines.filter(({ kind }) => kind !== "added").length;
