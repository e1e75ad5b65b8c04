/** What a draft asks the server for. Pure. */

import type { BoardChange, BoardConfig } from "@/api/types";
import type { Draft } from "./draft";

export interface SetBoard {
  config: BoardConfig;
  moves: Record<string, string>;
}

/** Ids by key. A new column or type without an id of its own gets one from its name. */
export function idsOf(draft: Draft): { columns: Map<string, string>; types: Map<string, string> } {
  // The ids of removed columns stay taken: the server would take a new column with one of them for the old column.
  const removed = Object.keys(draft.moves);
  return { columns: idsByKey(draft.columns, removed, "column"), types: idsByKey(draft.types, [], "type") };
}

interface Named {
  key: string;
  id: string | null;
  newId: string;
  name: string;
}

function idsByKey(list: readonly Named[], taken: readonly string[], fallback: string): Map<string, string> {
  const chosen = (entry: Named) => entry.newId.trim() || entry.id;
  const used = new Set([...taken, ...list.flatMap((entry) => [chosen(entry) ?? [], entry.id ?? []].flat())].map(lower));
  return new Map(list.map((entry) => [entry.key, chosen(entry) ?? uniqueId(entry.name, used, fallback)]));
}

const lower = (id: string) => id.toLowerCase();

export function toConfig(draft: Draft): BoardConfig {
  const ids = idsOf(draft);
  const columnId = (key: string) => ids.columns.get(key) ?? key;
  return {
    name: draft.name.trim(),
    columns: draft.columns.map((column, order) => ({
      id: columnId(column.key),
      name: column.name.trim(),
      order,
      color: column.color,
      wip_limit: column.wip.trim() === "" ? null : Number(column.wip),
      category: column.category,
    })),
    ticket_types: draft.types.map(({ key, name, icon, color }) => ({
      id: ids.types.get(key) ?? key,
      name: name.trim(),
      icon,
      color,
    })),
    initial_status: columnId(draft.initial),
    default_ticket_type: ids.types.get(draft.defaultType) ?? draft.defaultType,
    settings: draft.settings,
    transitions: draft.restricted
      ? draft.transitions.map((move) => {
          const [from = "", to = ""] = move.split(" ");
          return { from: columnId(from), to: columnId(to) };
        })
      : [],
  };
}

export function toBoardChange(draft: Draft): { config: BoardChange; moves: Record<string, string> } {
  const config = toConfig(draft);
  const { columns: ids } = idsOf(draft);
  return {
    config: {
      ...config,
      columns: config.columns.map((column, at) => {
        const before = draft.columns[at]?.id;
        return before && before !== column.id ? { ...column, previous_id: before } : column;
      }),
    },
    moves: Object.fromEntries(Object.entries(draft.moves).map(([from, to]) => [from, ids.get(to) ?? to])),
  };
}

/** Derives a readable id from a name, and adds it to those that are taken. */
export function uniqueId(name: string, taken: Set<string>, fallback = "column"): string {
  const plain = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .slice(0, 40);
  const base = plain || fallback;
  let id = base;
  for (let n = 2; taken.has(id); n += 1) id = `${base}_${n}`;
  taken.add(id);
  return id;
}
