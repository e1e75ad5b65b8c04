/** The draft of a board in the editor, and how it is edited. Pure. */

import { randomId } from "@/api/random-id";
import type { BoardConfig, BoardSettings, Category } from "@/api/types";
import { readLike } from "@/ui/use-draft";

export interface DraftColumn {
  /** Key of the column in the draft: its id on the server when the draft was begun. */
  key: string;
  /** The column's id on the server; null for a new column. */
  id: string | null;
  /** The id that it gets; empty to keep the id, or to derive it from the name. */
  newId: string;
  name: string;
  color: string;
  wip: string;
  category: Category;
}

export interface DraftType {
  key: string;
  /** The type's id on the server; null for a new type. */
  id: string | null;
  /** The id that a new type gets; empty to derive it from the name. */
  newId: string;
  name: string;
  icon: string;
  color: string;
}

export interface Draft {
  name: string;
  columns: DraftColumn[];
  types: DraftType[];
  /** Keys of the column and the type of new tickets. */
  initial: string;
  defaultType: string;
  settings: BoardSettings;
  /** Whether only the moves of `transitions` are allowed. Otherwise every move is. */
  restricted: boolean;
  /** Allowed moves as `moveKey` writes them, sorted. */
  transitions: string[];
  /** Id of a removed column → key of the column that its tickets move to. */
  moves: Record<string, string>;
}

export const DEFAULT_COLOR = "#6b7280";
const COLORS = [DEFAULT_COLOR, "#3b82f6", "#8b5cf6", "#f59e0b", "#10b981", "#ef4444", "#06b6d4", "#ec4899"];

/** A move from one column to another, by their keys. Keys have no blanks. */
export const moveKey = (from: string, to: string) => `${from} ${to}`;

export function toDraft(config: BoardConfig): Draft {
  const transitions = config.transitions.map(({ from, to }) => moveKey(from, to)).sort();
  return {
    name: config.name,
    columns: config.columns.map((column) => ({
      key: column.id,
      id: column.id,
      newId: "",
      name: column.name,
      color: column.color ?? DEFAULT_COLOR,
      wip: column.wip_limit === null ? "" : String(column.wip_limit),
      category: column.category,
    })),
    types: config.ticket_types.map(({ id, name, icon, color }) => ({
      key: id,
      id,
      newId: "",
      name,
      icon: icon ?? "",
      color: color ?? DEFAULT_COLOR,
    })),
    initial: config.initial_status,
    defaultType: config.default_ticket_type,
    // In one order, whichever way the board came.
    settings: Object.fromEntries(Object.entries(config.settings).sort()) as unknown as BoardSettings,
    restricted: transitions.length > 0,
    transitions,
    moves: {},
  };
}

/** An editor's state that was stored earlier, which may be of another version; null if it cannot be used. */
export function readStoredDraft(stored: unknown, start: Draft): Draft | null {
  const draft = readLike(stored, start);
  if (!draft?.columns.length || !draft.columns.every(isColumn)) return null;
  if (!draft.types.length || !draft.types.every(isType)) return null;
  if (!draft.transitions.every(isText) || !Object.values(draft.moves).every(isText)) return null;
  const settings = readLike(draft.settings, start.settings);
  return settings && { ...draft, settings };
}

const isText = (value: unknown) => typeof value === "string";
const isColumn = ({ key, id, newId, name, color, wip, category }: DraftColumn) =>
  [key, newId, name, color, wip, category].every(isText) && (id === null || isText(id));
const isType = ({ key, id, newId, name, icon, color }: DraftType) =>
  [key, newId, name, icon, color].every(isText) && (id === null || isText(id));

export function withNewColumn(draft: Draft): Draft {
  const color = COLORS[draft.columns.length % COLORS.length] ?? DEFAULT_COLOR;
  const column: DraftColumn = { key: randomId(), id: null, newId: "", name: "", color, wip: "", category: "active" };
  return { ...draft, columns: [...draft.columns, column] };
}

export function withNewType(draft: Draft): Draft {
  const color = COLORS[draft.types.length % COLORS.length] ?? DEFAULT_COLOR;
  return { ...draft, types: [...draft.types, { key: randomId(), id: null, newId: "", name: "", icon: "", color }] };
}

export function withColumn(draft: Draft, key: string, change: Partial<DraftColumn>): Draft {
  return { ...draft, columns: draft.columns.map((each) => (each.key === key ? { ...each, ...change } : each)) };
}

export function withType(draft: Draft, key: string, change: Partial<DraftType>): Draft {
  return { ...draft, types: draft.types.map((each) => (each.key === key ? { ...each, ...change } : each)) };
}

/** The draft without a column; its tickets go to `moveTo`, or else to the first column. */
export function withoutColumn(draft: Draft, key: string, moveTo: string | null): Draft {
  const removed = draft.columns.find((column) => column.key === key);
  const columns = draft.columns.filter((column) => column.key !== key);
  const target = moveTo ?? columns[0]?.key ?? "";
  const moves = { ...draft.moves };
  // Earlier moves into the removed column are redirected to its target.
  for (const [from, to] of Object.entries(moves)) if (to === key) moves[from] = target;
  if (removed?.id) moves[removed.id] = target;
  const transitions = draft.transitions.filter((move) => !move.split(" ").includes(key));
  return { ...draft, columns, moves, transitions, initial: draft.initial === key ? target : draft.initial };
}

export function withoutType(draft: Draft, key: string): Draft {
  const types = draft.types.filter((type) => type.key !== key);
  return { ...draft, types, defaultType: draft.defaultType === key ? (types[0]?.key ?? "") : draft.defaultType };
}

/** A list with one entry at another place. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const next = [...list];
  if (from < 0 || from >= next.length || to < 0 || to >= next.length) return next;
  next.splice(to, 0, ...next.splice(from, 1));
  return next;
}

export const columnName = ({ name }: Pick<DraftColumn, "name">) => name.trim() || "New column";
export const typeName = ({ name }: Pick<DraftType, "name">) => name.trim() || "New type";

/** The removed column whose tickets come to a column. */
export const sourcesOf = (draft: Draft, key: string) =>
  Object.entries(draft.moves).flatMap(([from, to]) => (to === key ? [from] : []));
