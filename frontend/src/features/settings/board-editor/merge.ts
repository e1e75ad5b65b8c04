/** Joins the changes of a draft with those that were saved meanwhile. Pure. */

import { sameOrder } from "./board-diff";
import { columnName, type Draft, typeName } from "./draft";

export interface Merged {
  draft: Draft;
  /** What both changed, each in another way; the draft's change wins. */
  conflicts: string[];
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

/** The draft `mine`, begun from `base`, with what `saved` has changed since. */
export function mergeDrafts(base: Draft, mine: Draft, saved: Draft): Merged {
  const conflicts: string[] = [];
  const pick = <T>(before: T, own: T, other: T, what: string): T => {
    if (same(own, before) || same(own, other)) return other;
    if (!same(other, before)) conflicts.push(what);
    return own;
  };
  const columns = mergeLists(
    base.columns,
    mine.columns,
    saved.columns,
    (column) => `column “${columnName(column)}”`,
    pick,
  );
  const types = mergeLists(base.types, mine.types, saved.types, (type) => `ticket type “${typeName(type)}”`, pick);
  const has = (list: ReadonlyArray<{ key: string }>, key: string) => list.some((entry) => entry.key === key);
  const keyIn = (list: ReadonlyArray<{ key: string }>, key: string, other: string) =>
    has(list, key) ? key : has(list, other) ? other : (list[0]?.key ?? "");
  const initial = keyIn(columns, pick(base.initial, mine.initial, saved.initial, "the default column"), saved.initial);
  const fields = Object.keys(saved.settings) as (keyof Draft["settings"])[];
  const settings = Object.fromEntries(
    fields.map((field) => [
      field,
      pick(base.settings[field], mine.settings[field], saved.settings[field], "the rules"),
    ]),
  ) as unknown as Draft["settings"];
  const present = (move: string) => move.split(" ").every((key) => has(columns, key));
  const restricted = pick(base.restricted, mine.restricted, saved.restricted, "the allowed moves");
  const transitions = restricted ? mergeMoves(base, mine, saved).filter(present) : [];
  const known = new Set(saved.columns.flatMap(({ id }) => id ?? []));
  const moves = Object.entries(mine.moves).flatMap(([from, to]) =>
    known.has(from) ? [[from, keyIn(columns, to, initial)]] : [],
  );
  return {
    draft: {
      name: pick(base.name, mine.name, saved.name, "the board's name"),
      columns,
      types,
      initial,
      defaultType: keyIn(
        types,
        pick(base.defaultType, mine.defaultType, saved.defaultType, "the default type"),
        saved.defaultType,
      ),
      settings,
      restricted,
      transitions,
      moves: Object.fromEntries(moves),
    },
    conflicts: [...new Set(conflicts)],
  };
}

/** Allowed moves: those of the draft, with what was allowed and refused meanwhile. */
function mergeMoves(base: Draft, mine: Draft, saved: Draft): string[] {
  if (!mine.restricted) return saved.transitions;
  if (!saved.restricted) return mine.transitions;
  const before = new Set(base.transitions);
  const now = new Set(saved.transitions);
  const kept = mine.transitions.filter((move) => now.has(move) || !before.has(move));
  const added = base.restricted ? saved.transitions.filter((move) => !before.has(move)) : [];
  return [...new Set([...kept, ...added])].sort();
}

interface Entry {
  key: string;
}

type Pick = <T>(before: T, own: T, other: T, what: string) => T;

function mergeLists<T extends Entry>(
  base: readonly T[],
  mine: readonly T[],
  saved: readonly T[],
  describe: (entry: T) => string,
  pick: Pick,
): T[] {
  const find = (list: readonly T[], key: string) => list.find((entry) => entry.key === key);
  const merge = (key: string): T | null => {
    const [before, own, other] = [find(base, key), find(mine, key), find(saved, key)];
    if (!before) return own ?? other ?? null;
    // What one side removed stays only if the draft changed it.
    if (!own || !other) return pick(before, own ?? null, other ?? null, describe(before));
    const fields = Object.keys(other) as (keyof T & string)[];
    return Object.fromEntries(
      fields.map((field) => [field, pick(before[field], own[field], other[field], describe(other))]),
    ) as unknown as T;
  };
  // The draft's order, unless only the other side changed it.
  const ownOrder = !sameOrder(base, mine) || sameOrder(base, saved);
  const [first, second] = ownOrder ? [mine, saved] : [saved, mine];
  const keys = first.map(({ key }) => key);
  second.forEach(({ key }, at) => {
    if (keys.includes(key)) return;
    const left = second.slice(0, at).findLast((entry) => keys.includes(entry.key));
    keys.splice(left ? keys.indexOf(left.key) + 1 : 0, 0, key);
  });
  return keys.flatMap((key) => merge(key) ?? []);
}
