/** What is wrong with a draft, at the paths that the server's problems use. Pure. */

import { Problem } from "@/api";
import { idsOf } from "./board-change";
import type { Draft } from "./draft";

/** A rule that a field breaks, such as `board_config.columns[2].name`. */
export interface Fault {
  path: string;
  message: string;
}

/** The rules of sql/logic/30_workflows/board_config.sql; a test compares them. */
export const ID = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,49}$/;
export const COLOR = /^#[0-9A-Za-z]{1,20}$/;
export const ID_RULE = "must be 1 to 50 letters, digits or _ . -";
export const COLOR_RULE = "must be a colour like #3b82f6";
export const MAX_NAME = 100;
export const MAX_BOARD_NAME = 200;
export const MAX_ICON = 50;
export const MAX_ENTRIES = 50;

export const columnPath = (at: number, field: string) => `board_config.columns[${at}].${field}`;
export const typePath = (at: number, field: string) => `board_config.ticket_types[${at}].${field}`;
export const TRANSITIONS_PATH = "board_config.transitions";
export const NAME_PATH = "board_config.name";

/** Whether a text has nothing to see, as names made of zero-width characters. */
export const isBlank = (text: string) => text.replace(/[\s\p{C}\u115f\u1160\u3164\uffa0]/gu, "") === "";

/** The faults of a draft, in the order of the page; empty when it can be saved. */
export function faultsOf(draft: Draft): Fault[] {
  const faults: Fault[] = [];
  const add = (path: string, message: string) => faults.push({ path, message });
  const named = (path: string, name: string, what: string, max: number) => {
    if (isBlank(name)) add(path, `${what} needs a name.`);
    else if ([...name.trim()].length > max) add(path, `At most ${max} characters.`);
  };
  named(NAME_PATH, draft.name, "The board", MAX_BOARD_NAME);
  const { columns: columnIds, types: typeIds } = idsOf(draft);
  if (draft.columns.length === 0) add("board_config.columns", "A board needs at least one column.");
  if (draft.columns.length > MAX_ENTRIES) add("board_config.columns", `A board has at most ${MAX_ENTRIES} columns.`);
  const removed = new Set(Object.keys(draft.moves));
  draft.columns.forEach((column, at) => {
    named(columnPath(at, "name"), column.name, "Every column", MAX_NAME);
    const id = columnIds.get(column.key) ?? "";
    const others = draft.columns.filter(({ key }) => key !== column.key);
    const isTaken = others.some((other) =>
      [columnIds.get(other.key), other.id].some((each) => each?.toLowerCase() === id.toLowerCase()),
    );
    if (!ID.test(id)) add(columnPath(at, "id"), `The ID ${ID_RULE}.`);
    // Only a typed id can be taken by another one.
    else if (column.newId !== "" && (isTaken || removed.has(id))) add(columnPath(at, "id"), `The ID ${id} is taken.`);
    if (column.wip.trim() !== "" && !/^[1-9]\d{0,5}$/.test(column.wip.trim())) {
      add(columnPath(at, "wip_limit"), "A WIP limit must be a whole number of at least 1, or empty.");
    }
    if (!COLOR.test(column.color)) add(columnPath(at, "color"), `The color ${COLOR_RULE}.`);
  });
  if (draft.restricted && draft.transitions.length === 0) {
    add(TRANSITIONS_PATH, "Allow at least one move, or allow every move.");
  }
  if (draft.types.length === 0) add("board_config.ticket_types", "A board needs at least one ticket type.");
  if (draft.types.length > MAX_ENTRIES) add("board_config.ticket_types", `A board has at most ${MAX_ENTRIES} types.`);
  draft.types.forEach((type, at) => {
    named(typePath(at, "name"), type.name, "Every ticket type", MAX_NAME);
    const id = typeIds.get(type.key) ?? "";
    const isTaken = draft.types.some(
      ({ key }) => key !== type.key && typeIds.get(key)?.toLowerCase() === id.toLowerCase(),
    );
    if (!ID.test(id)) add(typePath(at, "id"), `The ID ${ID_RULE}.`);
    else if (type.newId !== "" && isTaken) add(typePath(at, "id"), `The ID ${id} is taken.`);
    if ([...type.icon].length > MAX_ICON) add(typePath(at, "icon"), `At most ${MAX_ICON} characters.`);
    if (!COLOR.test(type.color)) add(typePath(at, "color"), `The color ${COLOR_RULE}.`);
  });
  return faults;
}

/** What the server refused, field by field. */
export function faultsOfProblem(error: unknown): Fault[] {
  if (!(error instanceof Problem)) return [];
  return error.fields.map(({ field, message }) => ({ path: field, message: sentence(message) }));
}

/** A rule of the server as a sentence about the field it is shown at. */
function sentence(rule: string): string {
  const text = rule.trim();
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}

export const faultAt = (faults: readonly Fault[], path: string) => faults.find((fault) => fault.path === path)?.message;
