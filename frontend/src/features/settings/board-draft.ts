/** Form state of the board editor, and its conversion to a change request. Pure. */

import { randomId } from "@/api/random-id";
import type { BoardChange, BoardConfig, BoardSettings, Category, Column, TicketType } from "@/api/types";
import { readLike } from "@/ui/use-draft";

export interface DraftColumn {
  /** Stable key of the column in the form. */
  key: string;
  /** The column's id on the server; null for a new column. */
  id: string | null;
  name: string;
  color: string;
  wip: string;
  category: Category;
}

export interface Draft {
  columns: DraftColumn[];
  types: TicketType[];
  initial: string;
  defaultType: string;
  settings: BoardSettings;
  /** Id of a removed column → key of the column that its tickets move to. */
  moves: Record<string, string>;
}

const COLORS = ["#6b7280", "#3b82f6", "#8b5cf6", "#f59e0b", "#10b981", "#ef4444", "#06b6d4", "#ec4899"];

export function toDraft(config: BoardConfig): Draft {
  return {
    columns: config.columns.map((column) => ({
      key: column.id,
      id: column.id,
      name: column.name,
      color: column.color ?? "#6b7280",
      wip: column.wip_limit === null ? "" : String(column.wip_limit),
      category: column.category,
    })),
    types: config.ticket_types.map((type) => ({ ...type })),
    initial: config.initial_status,
    defaultType: config.default_ticket_type,
    settings: { ...config.settings },
    moves: {},
  };
}

/** An editor's state that was stored earlier, which may be of another version; null if it cannot be used. */
export function readStoredDraft(stored: unknown, start: Draft): Draft | null {
  const draft = readLike(stored, start);
  if (!draft?.columns.length || !draft.columns.every(isColumn)) return null;
  if (!draft.types.length || !draft.types.every(({ id, name }) => isText(id) && isText(name))) return null;
  const settings = readLike(draft.settings, start.settings);
  return settings && { ...draft, settings };
}

const isText = (value: unknown) => typeof value === "string";
const isColumn = ({ key, id, name, color, wip, category }: DraftColumn) =>
  [key, name, color, wip, category].every(isText) && (id === null || isText(id));

export function withNewColumn(draft: Draft): Draft {
  const color = COLORS[draft.columns.length % COLORS.length] ?? "#6b7280";
  const column: DraftColumn = { key: randomId(), id: null, name: "", color, wip: "", category: "active" };
  return { ...draft, columns: [...draft.columns, column] };
}

export function withoutColumn(draft: Draft, key: string, moveTo: string | null): Draft {
  const removed = draft.columns.find((column) => column.key === key);
  const columns = draft.columns.filter((column) => column.key !== key);
  const first = columns[0]?.key ?? "";
  const moves = { ...draft.moves };
  // Earlier moves into the removed column are redirected to its target.
  for (const [from, to] of Object.entries(moves)) if (to === key) moves[from] = moveTo ?? first;
  if (removed?.id) moves[removed.id] = moveTo ?? first;
  return { ...draft, columns, moves, initial: draft.initial === key ? (moveTo ?? first) : draft.initial };
}

export function swapped<T>(list: readonly T[], at: number, by: -1 | 1): T[] {
  const next = [...list];
  const [one, other] = [next[at], next[at + by]];
  if (one === undefined || other === undefined) return next;
  next[at] = other;
  next[at + by] = one;
  return next;
}

/** Validation errors as sentences; empty when the draft can be saved. */
export function validationErrors(draft: Draft): string[] {
  const errors: string[] = [];
  if (draft.columns.length === 0) errors.push("A board needs at least one column.");
  if (draft.columns.some((column) => !column.name.trim())) errors.push("Every column needs a name.");
  if (draft.columns.some(({ wip }) => wip.trim() !== "" && !/^[1-9]\d{0,5}$/.test(wip.trim()))) {
    errors.push("A WIP limit must be a whole number of at least 1, or empty.");
  }
  if (draft.types.some((type) => !type.name.trim())) errors.push("Every ticket type needs a name.");
  return errors;
}

export function toBoardChange(draft: Draft): { config: BoardChange; moves: Record<string, string> } {
  const taken = new Set(draft.columns.flatMap(({ id }) => (id ? [id.toLowerCase()] : [])));
  const ids = new Map<string, string>();
  for (const column of draft.columns) ids.set(column.key, column.id ?? uniqueId(column.name, taken));
  const idOf = (key: string) => ids.get(key) ?? draft.columns[0]?.id ?? "";
  return {
    config: {
      columns: draft.columns.map(
        (column, order): Omit<Column, "ticket_count"> => ({
          id: idOf(column.key),
          name: column.name.trim(),
          order,
          color: column.color,
          wip_limit: column.wip.trim() === "" ? null : Number(column.wip),
          category: column.category,
        }),
      ),
      ticket_types: draft.types.map(({ id, name, icon, color }) => ({ id, name: name.trim(), icon, color })),
      initial_status: idOf(draft.initial),
      default_ticket_type: draft.defaultType,
      settings: draft.settings,
    },
    moves: Object.fromEntries(Object.entries(draft.moves).map(([from, to]) => [from, idOf(to)])),
  };
}

/** Derives a readable, unique id from a name. */
export function uniqueId(name: string, taken: Set<string>): string {
  const plain = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .slice(0, 40);
  const base = plain || "column";
  let id = base;
  for (let n = 2; taken.has(id); n += 1) id = `${base}_${n}`;
  taken.add(id);
  return id;
}
