/** Replacing a board by a template or a file: what is absent stays, and tickets of removed columns go somewhere. Pure. */

import type { Category } from "@/api/types";
import type { BoardPlan, PlanColumn, PlanType } from "./board-file";
import { DEFAULT_COLOR, type Draft, type DraftColumn, type DraftType, moveKey } from "./draft";

/** The saved board with a plan applied. Columns are recognized by id, or else by name, and keep their tickets. */
export function planned(saved: Draft, plan: BoardPlan): Draft {
  const columns = plan.columns ? plannedColumns(saved, plan.columns, plan.initial_status) : saved.columns;
  const types = plan.ticket_types ? plannedTypes(saved, plan.ticket_types) : saved.types;
  const kept = new Set(columns.map(({ key }) => key));
  const columnKey = (id: string) => columns.find((column) => (column.newId || column.id) === id)?.key;
  const typeKey = (id: string) => types.find((type) => (type.newId || type.id) === id)?.key;
  const initial =
    (plan.initial_status && columnKey(plan.initial_status)) ||
    (kept.has(saved.initial) ? saved.initial : (columns[0]?.key ?? ""));
  const removed = saved.columns.filter(({ key }) => !kept.has(key));
  const transitions = plan.transitions
    ? plan.transitions.flatMap(({ from, to }) => {
        const [one, other] = [columnKey(from), columnKey(to)];
        return one && other ? [moveKey(one, other)] : [];
      })
    : saved.transitions.filter((move) => move.split(" ").every((key) => kept.has(key)));
  return {
    name: plan.name ?? saved.name,
    columns,
    types,
    initial,
    defaultType:
      (plan.default_ticket_type && typeKey(plan.default_ticket_type)) ||
      (types.some(({ key }) => key === saved.defaultType) ? saved.defaultType : (types[0]?.key ?? "")),
    settings: { ...saved.settings, ...plan.settings },
    restricted: transitions.length > 0,
    transitions: [...new Set(transitions)].sort(),
    moves: Object.fromEntries(
      removed.flatMap((column) => (column.id ? [[column.id, homeOf(column, columns, initial)]] : [])),
    ),
  };
}

/** The draft with a target for the tickets of each saved column that it does not have. */
export function withTargets(draft: Draft, saved: Draft): Draft {
  const ids = new Set(draft.columns.map(({ id }) => id));
  const missing = saved.columns.flatMap((column): Array<[string, string]> => {
    if (column.id === null || ids.has(column.id) || column.id in draft.moves) return [];
    const namesake = draft.columns.find(({ name }) => name.trim() === column.name.trim());
    return [[column.id, namesake?.key ?? homeOf(column, draft.columns, draft.initial)]];
  });
  return missing.length > 0 ? { ...draft, moves: { ...draft.moves, ...Object.fromEntries(missing) } } : draft;
}

/** Where the tickets of a removed column go unless somebody chooses: to a column of its category, or to the initial one. */
function homeOf({ category }: DraftColumn, columns: readonly DraftColumn[], initial: string): string {
  return columns.find((column) => column.category === category)?.key ?? initial;
}

/** The entries of a plan with those of the board that they stand for: of the same id, or else of the same name. */
function matched<
  Entry extends { id: string; name?: string },
  Old extends { key: string; id: string | null; name: string },
>(entries: readonly Entry[], old: readonly Old[]): Array<[Entry, Old | undefined]> {
  const free = new Set(old);
  const take = (one: Old | undefined) => {
    if (one) free.delete(one);
    return one;
  };
  const plain = (name: string) => name.trim().toLowerCase();
  const byId = new Map(entries.map((entry) => [entry, take(old.find(({ id }) => id === entry.id))]));
  return entries.map((entry) => {
    const name = plain(entry.name ?? entry.id);
    return [entry, byId.get(entry) ?? take([...free].find((each) => plain(each.name) === name))];
  });
}

function plannedColumns(saved: Draft, entries: readonly PlanColumn[], initial: string | undefined): DraftColumn[] {
  const first = initial ?? entries[0]?.id;
  return matched(entries, saved.columns).map(([entry, old], at): DraftColumn => {
    const guess = guessCategory(entry.id, entry.id === first, at === entries.length - 1);
    return {
      key: old?.key ?? `new:${entry.id}`,
      id: old?.id ?? null,
      newId: old?.id === entry.id ? "" : entry.id,
      name: entry.name ?? old?.name ?? entry.id,
      color: entry.color ?? old?.color ?? DEFAULT_COLOR,
      wip: entry.wip_limit === undefined ? "" : String(entry.wip_limit),
      category: entry.category ?? old?.category ?? guess,
    };
  });
}

function plannedTypes(saved: Draft, entries: readonly PlanType[]): DraftType[] {
  return entries.map((entry): DraftType => {
    // Tickets hold the id of their type, so that only the id counts.
    const old = saved.types.find(({ id }) => id === entry.id);
    return {
      key: old?.key ?? `new:${entry.id}`,
      id: old?.id ?? null,
      newId: old ? "" : entry.id,
      name: entry.name ?? old?.name ?? entry.id,
      icon: entry.icon ?? old?.icon ?? "",
      color: entry.color ?? old?.color ?? DEFAULT_COLOR,
    };
  });
}

const DONE_IDS = "done closed shipped fixed resolved completed documented fp wontfix cancelled canceled rejected".split(
  " ",
);
const TODO_IDS = "backlog todo to_do open new idle ready found identified".split(" ");

/** As the server does for a column without a category. */
export function guessCategory(id: string, isInitial: boolean, isLast: boolean): Category {
  const plain = id.toLowerCase();
  if (DONE_IDS.includes(plain)) return "done";
  if (isInitial || TODO_IDS.includes(plain)) return "todo";
  return isLast ? "done" : "active";
}
