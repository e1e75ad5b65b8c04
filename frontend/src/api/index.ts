/** The server's API as functions. */
import { request } from "./http";
import type {
  Agent,
  ApiKey,
  AuthOptions,
  BoardChange,
  BoardConfig,
  BoardSnapshot,
  BoardTemplate,
  Card,
  ChangeStatusResult,
  Comment,
  EventPage,
  Member,
  Position,
  Role,
  SearchResult,
  Session,
  TicketDetail,
  Workflow,
} from "./types";

const path = (strings: TemplateStringsArray, ...values: string[]): string =>
  String.raw({ raw: strings }, ...values.map(encodeURIComponent));

/** Follows `next_cursor` to the end. */
async function everyPage<T>(
  address: string,
  name: string,
  query: Record<string, string | boolean>,
  signal?: AbortSignal,
): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | null | undefined;
  do {
    const page = await request<{ has_more?: boolean; next_cursor?: string | null }>("GET", address, {
      signal,
      query: { ...query, limit: 200, cursor },
    });
    all.push(...list<T>(page, name));
    cursor = page.has_more ? page.next_cursor : null;
  } while (cursor);
  return all;
}

/** Lists come bare or under a name; both are read. */
function list<T>(answer: unknown, name: string): T[] {
  if (Array.isArray(answer)) return answer as T[];
  const inner = (answer as Record<string, unknown> | null)?.[name] ?? (answer as Record<string, unknown> | null)?.items;
  return Array.isArray(inner) ? (inner as T[]) : [];
}

export const auth = {
  options: (signal?: AbortSignal) => request<AuthOptions>("GET", "/api/auth/options", { signal }),
  sessions: async (signal?: AbortSignal) =>
    list<Session>(await request("GET", "/api/auth/sessions", { signal }), "sessions"),
  endSession: (id: string) => request<void>("DELETE", path`/api/auth/sessions/${id}`),
  changePassword: (current_password: string, new_password: string) =>
    request<unknown>("POST", "/api/auth/password", { body: { current_password, new_password } }),
  wsTicket: () => request<{ ticket: string; expires_in: number }>("POST", "/api/auth/ws-ticket", { body: {} }),
};

export const keys = {
  list: async (signal?: AbortSignal) => list<ApiKey>(await request("GET", "/api/keys", { signal }), "keys"),
  create: (body: { name: string; scopes?: string[]; actor_id?: string }) =>
    request<ApiKey & { key: string }>("POST", "/api/keys", { body }),
  revoke: (id: string) => request<void>("DELETE", path`/api/keys/${id}`),
};

export const agents = {
  list: (signal?: AbortSignal) => everyPage<Agent>("/api/agents", "agents", {}, signal),
};

export const workflows = {
  list: (archived: boolean, signal?: AbortSignal) =>
    everyPage<Workflow>("/api/workflows", "workflows", archived ? { include_archived: true } : {}, signal),
  get: (id: string, signal?: AbortSignal) => request<Workflow>("GET", path`/api/workflows/${id}`, { signal }),
  templates: async (signal?: AbortSignal) =>
    Object.entries(await request<Record<string, BoardConfig>>("GET", "/api/board-templates", { signal })).map(
      ([id, board_config]): BoardTemplate => ({ id, board_config }),
    ),
  create: (body: { name: string; description?: string; template?: string }) =>
    request<Workflow>("POST", "/api/workflows", { body }),
  update: (id: string, body: { name?: string; description?: string }) =>
    request<Workflow>("PATCH", path`/api/workflows/${id}`, { body }),
  archive: (id: string) => request<unknown>("DELETE", path`/api/workflows/${id}`),
  restore: (id: string) => request<unknown>("POST", path`/api/workflows/${id}/restore`, { body: {} }),
  putBoard: (id: string, board_config: BoardChange, moves: Record<string, string>) =>
    request<{ board_config: BoardConfig }>("PUT", path`/api/workflows/${id}/board`, { body: { board_config, moves } }),
  setTracking: (id: string, enabled: boolean) =>
    request<unknown>("POST", path`/api/workflows/${id}/ticket-tracking`, { body: { enabled } }),
  members: async (id: string, signal?: AbortSignal) =>
    list<Member>(await request("GET", path`/api/workflows/${id}/members`, { signal }), "members"),
  putMember: (id: string, actor: string, role: Role) =>
    request<unknown>("PUT", path`/api/workflows/${id}/members/${actor}`, { body: { role } }),
  removeMember: (id: string, actor: string) => request<unknown>("DELETE", path`/api/workflows/${id}/members/${actor}`),
};

export const board = {
  snapshot: (id: string, signal?: AbortSignal) => request<BoardSnapshot>("GET", path`/api/board/${id}`, { signal }),
  events: (id: string, since: number, epoch: string, signal?: AbortSignal) =>
    request<EventPage>("GET", path`/api/workflows/${id}/events`, { signal, query: { since, epoch, limit: 500 } }),
};

export interface NewTicket {
  workflow_id: string;
  title: string;
  description: string;
  ticket_type?: string;
  priority?: string;
  initial_status?: string;
  assigned_agent_id?: string;
  parent_ticket_id?: string;
  tags?: string[];
}

export const tickets = {
  get: (id: string, signal?: AbortSignal) => request<TicketDetail>("GET", path`/api/tickets/${id}`, { signal }),
  create: (body: NewTicket, idempotencyKey: string) =>
    request<{ success: boolean; ticket_id: string; message: string; status: string }>("POST", "/api/tickets/create", {
      body,
      headers: { "idempotency-key": idempotencyKey },
    }),
  update: (ticket_id: string, updates: Partial<Card> & { description?: string; related_ticket_ids?: string[] }) =>
    request<{ success: boolean; message: string }>("POST", "/api/tickets/update", { body: { ticket_id, updates } }),
  changeStatus: (body: { ticket_id: string; new_status: string; comment?: string; position?: Position }) =>
    request<ChangeStatusResult>("POST", "/api/tickets/change-status", { body }),
  reorder: (ticket_id: string, position: Position) =>
    request<unknown>("POST", "/api/tickets/reorder", { body: { ticket_id, ...position } }),
  setBlockers: (ticket_id: string, blocked_by_ticket_ids: string[]) =>
    request<unknown>("POST", "/api/tickets/set-blockers", { body: { ticket_id, blocked_by_ticket_ids } }),
  resolve: (ticket_id: string, resolution_comment: string) =>
    request<{ success: boolean; message: string; unblocked_tickets?: unknown[] }>("POST", "/api/tickets/resolve", {
      body: { ticket_id, resolution_comment },
    }),
  linkCommit: (ticket_id: string, commit_sha: string, commit_message?: string) =>
    request<unknown>("POST", "/api/tickets/link-commit", { body: { ticket_id, commit_sha, commit_message } }),
  remove: (id: string) => request<unknown>("DELETE", path`/api/tickets/${id}`),
  restore: (id: string) => request<unknown>("POST", path`/api/tickets/${id}/restore`, { body: {} }),
  search: async (workflow_id: string, query: string, signal?: AbortSignal) =>
    list<SearchResult>(
      await request("POST", "/api/tickets/search", { signal, body: { workflow_id, query, limit: 20 } }),
      "results",
    ),
};

export const comments = {
  add: (ticket_id: string, comment_text: string, parent_id?: string) =>
    request<{ success: boolean; comment_id: string }>("POST", "/api/tickets/comment", {
      body: { ticket_id, comment_text, ...(parent_id ? { parent_id } : {}) },
    }),
  edit: (id: string, comment_text: string) =>
    request<Comment | unknown>("PATCH", path`/api/comments/${id}`, { body: { comment_text } }),
  remove: (id: string) => request<unknown>("DELETE", path`/api/comments/${id}`),
  react: (id: string, emoji: string, on: boolean) =>
    request<unknown>(on ? "PUT" : "DELETE", path`/api/comments/${id}/reactions/${emoji}`),
};

export { request } from "./http";
export { explain, Problem } from "./problem";
export { type SessionState, session } from "./session";
export type * from "./types";
