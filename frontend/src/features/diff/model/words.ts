/** Finds what differs within a changed line. Pure. */

/** Begin and end of a part of a text. */
export type Range = readonly [from: number, to: number];

export interface WordChanges {
  before: readonly Range[];
  after: readonly Range[];
}

const WORD = /[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu;
/** Comparing costs the product of both counts. */
const MAX_WORDS = 300;
const MAX_LENGTH = 2_000;
/** Below this share of common text, two lines are different lines, and marking words would be noise. */
const MIN_COMMON = 0.35;

const NONE: WordChanges = { before: [], after: [] };

/** The words of two lines that are not in the other one, in order; nothing if the lines have little in common. */
export function compareWords(before: string, after: string): WordChanges {
  if (before === after || before.length > MAX_LENGTH || after.length > MAX_LENGTH) return NONE;
  const a = before.match(WORD) ?? [];
  const b = after.match(WORD) ?? [];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const keptA = a.map((_, i) => i < start || i >= a.length - end);
  const keptB = b.map((_, i) => i < start || i >= b.length - end);
  if (a.length - start - end <= MAX_WORDS && b.length - start - end <= MAX_WORDS) {
    for (const [i, j] of commonWords(a.slice(start, a.length - end), b.slice(start, b.length - end))) {
      keptA[start + i] = true;
      keptB[start + j] = true;
    }
  }
  const common = a.reduce((sum, word, i) => sum + (keptA[i] && word.trim() ? word.length : 0), 0);
  const longest = Math.max(before.replace(/\s/g, "").length, after.replace(/\s/g, "").length);
  if (longest > 0 && common / longest < MIN_COMMON) return NONE;
  return { before: ranges(a, keptA), after: ranges(b, keptB) };
}

/** The longest common subsequence, as pairs of indexes. */
function commonWords(a: readonly string[], b: readonly string[]): [number, number][] {
  const width = b.length + 1;
  const lengths = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        a[i] === b[j]
          ? (lengths[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(lengths[(i + 1) * width + j] ?? 0, lengths[i * width + j + 1] ?? 0);
    }
  }
  const pairs: [number, number][] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if ((lengths[(i + 1) * width + j] ?? 0) >= (lengths[i * width + j + 1] ?? 0)) i++;
    else j++;
  }
  return pairs;
}

/** The parts that are not kept. Spaces between two of them belong to the part. */
function ranges(words: readonly string[], kept: readonly boolean[]): Range[] {
  const found: [number, number][] = [];
  let at = 0;
  words.forEach((word, i) => {
    const last = found.at(-1);
    const bridge = kept[i] && !word.trim() && last?.[1] === at && kept[i + 1] === false;
    if (!kept[i] || bridge) {
      if (last?.[1] === at) last[1] = at + word.length;
      else found.push([at, at + word.length]);
    }
    at += word.length;
  });
  return found;
}
