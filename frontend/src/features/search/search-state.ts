/** Search criteria, kept in the URL so that a search can be shared and is part of the browser history. */
import type { Filters, Priority, SavedSearch, SearchMode, SearchRequest } from "@/api/types";
import { PRIORITIES } from "@/entities/ticket/priority-icon";

export interface SearchState {
  q?: string;
  /** Defaults to hybrid. */
  mode?: Exclude<SearchMode, "hybrid">;
  type?: string[];
  priority?: Priority[];
  status?: string[];
  /** An actor's id, or "none" for unassigned tickets. */
  assignee?: string;
  tags?: string[];
  /** Range of creation days, inclusive, in the browser's time zone. */
  from?: string;
  to?: string;
  blocked?: "yes" | "no";
  /** Open tickets whose agent did nothing about them for SILENT_MINUTES. */
  silent?: true;
  /** Excludes completed tickets. */
  open?: true;
  /** Excludes comments from the search. */
  comments?: false;
}

export const UNASSIGNED = "none";
export const SILENT_MINUTES = 30;
const LIST_FIELDS = ["type", "status", "tags"] as const;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MAX_QUERY_LENGTH = 1_000;

/** Parses URL parameters and drops invalid values. */
export function readSearchState(search: Record<string, unknown>): SearchState {
  const state: SearchState = {};
  const q = text(search.q);
  if (q) state.q = q.slice(0, MAX_QUERY_LENGTH);
  if (search.mode === "semantic" || search.mode === "keyword") state.mode = search.mode;
  for (const field of LIST_FIELDS) {
    const values = list(search[field]);
    if (values.length > 0) state[field] = values;
  }
  const priorities = PRIORITIES.filter((priority) => list(search.priority).includes(priority));
  if (priorities.length > 0) state.priority = priorities;
  const assignee = text(search.assignee);
  if (assignee) state.assignee = assignee;
  for (const field of ["from", "to"] as const) {
    const day = text(search[field]);
    if (DAY.test(day) && !Number.isNaN(Date.parse(day))) state[field] = day;
  }
  if (search.blocked === "yes" || search.blocked === "no") state.blocked = search.blocked;
  if (search.silent === true) state.silent = true;
  if (search.open === true) state.open = true;
  if (search.comments === false) state.comments = false;
  return state;
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

function list(value: unknown): string[] {
  const values = Array.isArray(value) ? value : value === undefined ? [] : [value];
  return [...new Set(values.map(text))].filter(Boolean);
}

export function toFilters(state: SearchState): Filters {
  const filters: Filters = {};
  if (state.type) filters.ticket_type = state.type;
  if (state.priority) filters.priority = state.priority;
  if (state.status) filters.status = state.status;
  if (state.tags) filters.tags = state.tags;
  if (state.assignee === UNASSIGNED) filters.unassigned = true;
  else if (state.assignee) filters.assigned_agent_id = state.assignee;
  if (state.from) filters.created_after = new Date(`${state.from}T00:00:00`).toISOString();
  if (state.to) filters.created_before = new Date(`${state.to}T23:59:59.999`).toISOString();
  if (state.blocked) filters.is_blocked = state.blocked === "yes";
  if (state.silent) filters.silent_minutes = SILENT_MINUTES;
  if (state.open) filters.include_completed = false;
  return filters;
}

export function toRequest(workflow_id: string, state: SearchState, limit: number): SearchRequest {
  const request: SearchRequest = { workflow_id, query: (state.q ?? "").trim(), limit };
  if (state.mode) request.search_type = state.mode;
  if (isFiltering(state)) request.filters = toFilters(state);
  if (state.comments === false) request.include_comments = false;
  return request;
}

/** Converts a stored search to URL state. */
export function fromSavedSearch({
  query,
  search_type,
  filters,
  include_comments,
}: Pick<SavedSearch, "query" | "search_type" | "filters"> & { include_comments?: boolean }): SearchState {
  return readSearchState({
    q: query,
    mode: search_type,
    type: filters.ticket_type ?? undefined,
    priority: filters.priority ?? undefined,
    status: filters.status ?? undefined,
    tags: filters.tags ?? undefined,
    assignee: filters.unassigned ? UNASSIGNED : filters.assigned_agent_id,
    from: dayOf(filters.created_after),
    to: dayOf(filters.created_before),
    blocked: filters.is_blocked === true ? "yes" : filters.is_blocked === false ? "no" : undefined,
    silent: filters.silent_minutes ? true : undefined,
    open: filters.include_completed === false ? true : undefined,
    comments: include_comments === false ? false : undefined,
  });
}

function dayOf(time: string | null | undefined): string | undefined {
  if (!time || Number.isNaN(Date.parse(time))) return undefined;
  // A date without a time is a day already.
  if (DAY.test(time)) return time;
  const at = new Date(time);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** Number of active filters. */
export function filterCount(state: SearchState): number {
  const { type, priority, status, assignee, tags, from, to, blocked, silent, open } = state;
  return [type, priority, status, assignee, tags, from ?? to, blocked, silent, open].filter(
    (value) => value !== undefined,
  ).length;
}

export function isFiltering(state: SearchState): boolean {
  return filterCount(state) > 0;
}

/** Whether there is a query or a filter to search by. */
export function hasCriteria(state: SearchState): boolean {
  return Boolean(state.q?.trim()) || isFiltering(state);
}

export function sameSearch(a: SearchState, b: SearchState): boolean {
  return searchKey(a) === searchKey(b);
}

/** The same text for equal searches. */
export function searchKey(state: SearchState): string {
  const fields = Object.entries({ ...state, q: state.q?.trim() || undefined }).filter(
    ([, value]) => value !== undefined,
  );
  const entries = fields.map(([field, value]) => [field, Array.isArray(value) ? [...value].sort() : value]);
  return JSON.stringify(entries.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)));
}

export function withoutFilters({ q, mode, comments }: SearchState): SearchState {
  return { q, mode, comments };
}
