/** Allowed moves between columns, as a matrix. Pure. */

import { columnName, type Draft, type DraftColumn, moveKey } from "./draft";

export type Cell = "allowed" | "refused" | "same";
export type Selection = "all" | "some" | "none";

export const isAllowed = (draft: Draft, from: string, to: string) =>
  !draft.restricted || draft.transitions.includes(moveKey(from, to));

/** Every move between two different columns. */
export function allMoves(columns: readonly DraftColumn[]): string[] {
  return columns.flatMap(({ key: from }) => columns.flatMap(({ key: to }) => (from === to ? [] : [moveKey(from, to)])));
}

/** Sets some moves at once. */
export function withMoves(draft: Draft, moves: readonly string[], allowed: boolean): Draft {
  const next = new Set(draft.transitions);
  for (const move of moves) {
    if (allowed) next.add(move);
    else next.delete(move);
  }
  return { ...draft, restricted: true, transitions: [...next].sort() };
}

/** The moves out of a column, or into it. */
export function movesOf({ columns }: Draft, key: string, end: "from" | "to"): string[] {
  const others = columns.filter((column) => column.key !== key);
  return others.map((other) => (end === "from" ? moveKey(key, other.key) : moveKey(other.key, key)));
}

export function selectionOf(draft: Draft, moves: readonly string[]): Selection {
  const held = new Set(draft.transitions);
  const count = moves.filter((move) => held.has(move)).length;
  if (count === 0) return "none";
  return count === moves.length ? "all" : "some";
}

export type Preset = "all" | "neighbors" | "forward";

/** The moves of a preset: every one, to the next and previous column, or only to later columns. */
export function presetMoves({ columns }: Draft, preset: Preset): string[] {
  const place = new Map(columns.map(({ key }, at) => [key, at]));
  return allMoves(columns)
    .filter((move) => {
      const [from = 0, to = 0] = move.split(" ").map((key) => place.get(key));
      if (preset === "neighbors") return Math.abs(to - from) === 1;
      return preset === "all" || to > from;
    })
    .sort();
}

/** Restricts the moves to a list, or allows every move. */
export function withRestriction(draft: Draft, transitions: readonly string[] | null): Draft {
  return { ...draft, restricted: transitions !== null, transitions: transitions ? [...transitions].sort() : [] };
}

/** Warnings about columns that tickets cannot leave or reach. */
export function matrixWarnings(draft: Draft): string[] {
  if (!draft.restricted || draft.transitions.length === 0) return [];
  const { columns, settings } = draft;
  const byKey = new Map(columns.map((column) => [column.key, column]));
  const isDone = (key: string) => byKey.get(key)?.category === "done";
  const moves = draft.transitions
    .map((move) => move.split(" ") as [string, string])
    // The server refuses to reopen tickets whatever the matrix says.
    .filter(([from, to]) => byKey.has(from) && byKey.has(to) && (settings.allow_reopen || !isDone(from) || isDone(to)));
  const reached = reachable(draft.initial, moves);
  const initial = byKey.get(draft.initial);
  const warnings: string[] = [];
  for (const column of columns) {
    const name = `“${columnName(column)}”`;
    const leaves = column.category === "done" || moves.some(([from]) => from === column.key);
    const isEntered = column.key === draft.initial || moves.some(([, to]) => to === column.key);
    if (!leaves && !isEntered) warnings.push(`Tickets can neither reach nor leave ${name}.`);
    else if (!leaves) warnings.push(`Tickets cannot leave ${name}.`);
    else if (!isEntered) warnings.push(`No ticket can be moved to ${name}.`);
    if (isEntered && !reached.has(column.key) && initial) {
      warnings.push(`${name} cannot be reached from “${columnName(initial)}”, where tickets start.`);
    }
  }
  const done = columns.filter(({ category }) => category === "done");
  if (done.length > 0 && !done.some(({ key }) => reached.has(key)) && !isDone(draft.initial)) {
    warnings.push("No done column can be reached, so no ticket can be completed by moving it.");
  }
  return warnings;
}

function reachable(start: string, moves: ReadonlyArray<[string, string]>): Set<string> {
  const reached = new Set([start]);
  for (const key of reached) for (const [from, to] of moves) if (from === key) reached.add(to);
  return reached;
}
