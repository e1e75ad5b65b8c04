/** Cuts a line into parts that are drawn alike, from its highlighting and its changed words. Pure. */
import type { Range } from "./words";

/** Three numbers for each token: where it begins and ends, and its class. */
export type Tokens = ArrayLike<number>;

export interface Segment {
  text: string;
  /** The class of its token; 0 for plain text. */
  token: number;
  changed: boolean;
}

export function toSegments(text: string, tokens: Tokens | null, changed: readonly Range[]): Segment[] {
  if (text === "") return [];
  if ((!tokens || tokens.length === 0) && changed.length === 0) return [{ text, token: 0, changed: false }];
  const segments: Segment[] = [];
  let at = 0;
  let next = 0;
  let mark = 0;
  const count = tokens ? tokens.length : 0;
  while (at < text.length) {
    while (next < count && (tokens?.[next + 1] ?? 0) <= at) next += 3;
    while (mark < changed.length && (changed[mark]?.[1] ?? 0) <= at) mark++;
    let end = text.length;
    let token = 0;
    if (next < count) {
      const from = tokens?.[next] ?? 0;
      if (from <= at) {
        token = tokens?.[next + 2] ?? 0;
        end = Math.min(end, tokens?.[next + 1] ?? end);
      } else end = Math.min(end, from);
    }
    const range = changed[mark];
    const marked = range !== undefined && range[0] <= at;
    if (range) end = Math.min(end, marked ? range[1] : range[0]);
    segments.push({ text: text.slice(at, end), token, changed: marked });
    at = end;
  }
  return segments;
}
