/** A board as a JSON file: the body of `PUT /api/workflows/{id}/board`. Pure. */

import type { BoardConfig, BoardSettings, Category } from "@/api/types";
import {
  COLOR,
  COLOR_RULE,
  type Fault,
  ID,
  ID_RULE,
  isBlank,
  MAX_BOARD_NAME,
  MAX_ENTRIES,
  MAX_ICON,
  MAX_NAME,
} from "./problems";

/** In characters; a board of 50 columns with every move needs a third of it. */
export const MAX_FILE_LENGTH = 500_000;
const MAX_FAULTS = 20;

/** A board as files and templates hold it: what is absent stays as it is. */
export interface BoardPlan {
  name?: string;
  columns?: PlanColumn[];
  ticket_types?: PlanType[];
  default_ticket_type?: string;
  initial_status?: string;
  settings?: Partial<BoardSettings>;
  transitions?: { from: string; to: string }[];
}

export interface PlanColumn {
  id: string;
  name?: string;
  color?: string;
  wip_limit?: number;
  category?: Category;
}

export interface PlanType {
  id: string;
  name?: string;
  icon?: string;
  color?: string;
}

export type ReadFile = { plan: BoardPlan; ignored: string[] } | { faults: Fault[] };

export function boardFile(config: BoardConfig): string {
  return `${JSON.stringify({ board_config: config }, null, 2)}\n`;
}

export function fileName(board: string): string {
  const plain = board
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return `${plain.slice(0, 60) || "board"}.board.json`;
}

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const BOARD_FIELDS = [
  "name",
  "columns",
  "ticket_types",
  "default_ticket_type",
  "initial_status",
  "settings",
  "transitions",
];
/** Only in responses. */
const QUIET_FIELDS = ["board_id", "workflow_id"];
const COLUMN_FIELDS = ["id", "name", "order", "color", "wip_limit", "category"];
const QUIET_COLUMN_FIELDS = ["ticket_count", "previous_id"];
const TYPE_FIELDS = ["id", "name", "icon", "color"];
const SETTINGS: ReadonlyArray<Exclude<keyof BoardSettings, "wip_policy">> = [
  "require_comments_on_status_change",
  "require_description",
  "allow_reopen",
  "auto_assign",
  "human_review",
  "track_time",
];
const CATEGORIES: readonly unknown[] = ["todo", "active", "done"];

/** Reads and checks a file by the rules of the server. */
export function readBoardFile(text: string): ReadFile {
  let document: unknown;
  if (text.length > MAX_FILE_LENGTH) return failed("This file is too large for a board.");
  try {
    document = JSON.parse(text);
  } catch {
    return failed("This file is not JSON.");
  }
  const config = isObject(document) && isObject(document.board_config) ? document.board_config : document;
  if (!isObject(config) || !BOARD_FIELDS.some((field) => field in config)) {
    return failed("This file holds no board: it needs “columns” or another part of a board configuration.");
  }
  return new Reader().board(config);
}

const failed = (message: string): ReadFile => ({ faults: [{ path: "", message }] });

class Reader {
  private readonly faults: Fault[] = [];
  private readonly ignored = new Set<string>();

  board(config: Json): ReadFile {
    this.note(config, [...BOARD_FIELDS, ...QUIET_FIELDS], "");
    const plan: BoardPlan = {
      name: this.text(config, "board_config.name", "name", MAX_BOARD_NAME),
      columns: this.columns(config.columns),
      ticket_types: this.types(config.ticket_types),
      settings: this.settings(config.settings),
    };
    plan.transitions = this.transitions(config.transitions, plan.columns);
    plan.initial_status = this.choice(config, "initial_status", plan.columns, "columns");
    plan.default_ticket_type = this.choice(config, "default_ticket_type", plan.ticket_types, "ticket types");
    if (this.faults.length > 0) return { faults: this.faults.slice(0, MAX_FAULTS) };
    return { plan, ignored: [...this.ignored] };
  }

  private fail(path: string, rule: string): undefined {
    this.faults.push({ path, message: rule });
    return undefined;
  }

  private note(entry: Json, known: readonly string[], where: string): void {
    for (const field of Object.keys(entry)) if (!known.includes(field)) this.ignored.add(where + field);
  }

  private text(entry: Json, path: string, field: string, max: number): string | undefined {
    const value = entry[field];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "string") return this.fail(path, "must be a text");
    if ([...value].length > max) return this.fail(path, `must have at most ${max} characters`);
    if (field === "name" && value.trim() === "") return undefined;
    if (field === "name" && isBlank(value)) return this.fail(path, "must have a visible character");
    return value.trim();
  }

  private list(value: unknown, path: string, what: string): unknown[] | undefined {
    if (value === undefined || value === null) return undefined;
    if (!Array.isArray(value)) return this.fail(path, "must be a list");
    if (value.length < 1 || value.length > MAX_ENTRIES) return this.fail(path, `must list 1 to ${MAX_ENTRIES} ${what}`);
    return value;
  }

  private entry(value: unknown, path: string): (Json & { id: string }) | undefined {
    if (!isObject(value)) return this.fail(path, "must be an object");
    if (typeof value.id !== "string" || !ID.test(value.id)) return this.fail(`${path}.id`, ID_RULE);
    return value as Json & { id: string };
  }

  private color(entry: Json, path: string): string | undefined {
    const { color } = entry;
    if (color === undefined || color === null) return undefined;
    if (typeof color !== "string" || !COLOR.test(color)) return this.fail(`${path}.color`, COLOR_RULE);
    return color;
  }

  private distinct(entries: ReadonlyArray<{ id: string }>, path: string): void {
    if (new Set(entries.map(({ id }) => id.toLowerCase())).size < entries.length) {
      this.fail(path, "must have ids that differ");
    }
  }

  private columns(value: unknown): PlanColumn[] | undefined {
    const list = this.list(value, "board_config.columns", "columns");
    if (!list) return undefined;
    const placed = list.flatMap((each, at) => {
      const path = `board_config.columns[${at}]`;
      const entry = this.entry(each, path);
      if (!entry) return [];
      this.note(entry, [...COLUMN_FIELDS, ...QUIET_COLUMN_FIELDS], "columns.");
      const { id, wip_limit: wip, category } = entry;
      if (wip !== undefined && wip !== null && !(Number.isSafeInteger(wip) && (wip as number) > 0)) {
        this.fail(`${path}.wip_limit`, "must be positive");
      }
      if (category !== undefined && category !== null && !CATEGORIES.includes(category)) {
        this.fail(`${path}.category`, "must be todo, active or done");
      }
      const column: PlanColumn = {
        id,
        name: this.text(entry, `${path}.name`, "name", MAX_NAME),
        color: this.color(entry, path),
        wip_limit: (wip as number | null | undefined) ?? undefined,
        category: (category as Category | null | undefined) ?? undefined,
      };
      return [{ column, order: typeof entry.order === "number" ? entry.order : at }];
    });
    const columns = placed.sort((a, b) => a.order - b.order).map(({ column }) => column);
    this.distinct(columns, "board_config.columns");
    return columns;
  }

  private types(value: unknown): PlanType[] | undefined {
    const list = this.list(value, "board_config.ticket_types", "ticket types");
    const types = list?.flatMap((each, at): PlanType[] => {
      const path = `board_config.ticket_types[${at}]`;
      const entry = this.entry(each, path);
      if (!entry) return [];
      this.note(entry, TYPE_FIELDS, "ticket_types.");
      const name = this.text(entry, `${path}.name`, "name", MAX_NAME);
      const icon = this.text(entry, `${path}.icon`, "icon", MAX_ICON);
      return [{ id: entry.id, name, icon, color: this.color(entry, path) }];
    });
    if (types) this.distinct(types, "board_config.ticket_types");
    return types;
  }

  private settings(value: unknown): Partial<BoardSettings> | undefined {
    if (value === undefined || value === null) return undefined;
    if (!isObject(value)) return this.fail("board_config.settings", "must be an object");
    this.note(value, [...SETTINGS, "wip_policy"], "settings.");
    const settings: Partial<BoardSettings> = {};
    for (const field of SETTINGS) {
      const setting = value[field];
      if (setting === undefined || setting === null) continue;
      if (typeof setting === "boolean") settings[field] = setting;
      else this.fail(`board_config.settings.${field}`, "must be true or false");
    }
    const policy = value.wip_policy;
    if (policy === "warn" || policy === "refuse") settings.wip_policy = policy;
    else if (policy !== undefined && policy !== null) {
      this.fail("board_config.settings.wip_policy", "must be warn or refuse");
    }
    return settings;
  }

  private transitions(value: unknown, columns: readonly PlanColumn[] | undefined): BoardPlan["transitions"] {
    if (value === undefined || value === null) return undefined;
    if (!Array.isArray(value)) return this.fail("board_config.transitions", "must be a list");
    const ids = columns?.map(({ id }) => id);
    return value.flatMap((each, at) => {
      const path = `board_config.transitions[${at}]`;
      if (!isObject(each)) return this.fail(path, "must be an object") ?? [];
      const { from, to } = each;
      for (const [field, id] of [["from", from] as const, ["to", to] as const]) {
        const isColumn = typeof id === "string" && (ids ? ids.includes(id) : ID.test(id));
        if (!isColumn) this.fail(`${path}.${field}`, "must be one of the columns");
      }
      return from === to ? [] : [{ from: String(from), to: String(to) }];
    });
  }

  private choice(config: Json, field: string, list: ReadonlyArray<{ id: string }> | undefined, what: string) {
    const value = config[field];
    if (value === undefined || value === null) return undefined;
    const isListed = typeof value === "string" && (!list || list.some(({ id }) => id === value));
    if (!isListed) return this.fail(`board_config.${field}`, `must be one of the ${what}`);
    return value as string;
  }
}
