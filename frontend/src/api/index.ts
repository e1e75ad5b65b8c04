/** The server's API as functions. */
import { answer, client, everyPage } from "./http";
import type { components } from "./schema.gen";
import type {
  Agent,
  ApiKey,
  AuthOptions,
  BoardChange,
  BoardConfig,
  BoardSnapshot,
  BoardTemplate,
  EventPage,
  Member,
  Position,
  Role,
  Session,
  TicketDetail,
  Workflow,
} from "./types";

type Schemas = components["schemas"];

export const auth = {
  options: (signal?: AbortSignal) => answer(client.GET("/api/auth/options", { signal })) as Promise<AuthOptions>,
  sessions: async (signal?: AbortSignal) =>
    (await answer(client.GET("/api/auth/sessions", { signal }))).sessions as Session[],
  endSession: (id: string) => answer(client.DELETE("/api/auth/sessions/{id}", { params: { path: { id } } })),
  changePassword: (current_password: string, new_password: string) =>
    answer(client.POST("/api/auth/password", { body: { current_password, new_password } })),
  wsTicket: () => answer(client.POST("/api/auth/ws-ticket")),
};

export const keys = {
  list: async (signal?: AbortSignal) => (await answer(client.GET("/api/keys", { signal }))).keys as ApiKey[],
  create: (name: string, actor_id?: string) => answer(client.POST("/api/keys", { body: { name, actor_id } })),
  revoke: (id: string) => answer(client.DELETE("/api/keys/{id}", { params: { path: { id } } })),
};

export const agents = {
  list: (signal?: AbortSignal) =>
    everyPage(
      (cursor) => answer(client.GET("/api/agents", { params: { query: { limit: 200, cursor } }, signal })),
      (page) => page.agents as Agent[],
    ),
  create: (name: string, workflow_id: string) =>
    answer(client.POST("/api/agents", { body: { name, workflows: [workflow_id] } })),
};

export const invites = {
  create: (workflow_id: string, role: Role) => answer(client.POST("/api/invites", { body: { workflow_id, role } })),
  accept: (invite: string) => answer(client.POST("/api/invites/accept", { body: { invite } })),
};

const workflowPath = (id: string) => ({ params: { path: { id } } });

export const workflows = {
  list: (archived: boolean, signal?: AbortSignal) =>
    everyPage(
      (cursor) =>
        answer(
          client.GET("/api/workflows", {
            params: { query: { include_archived: archived || undefined, limit: 200, cursor } },
            signal,
          }),
        ),
      (page) => page.workflows as Workflow[],
    ),
  templates: async (signal?: AbortSignal) =>
    Object.entries(await answer(client.GET("/api/board-templates", { signal }))).map(
      ([id, board_config]): BoardTemplate => ({ id, board_config: board_config as BoardConfig }),
    ),
  get: (id: string, signal?: AbortSignal) =>
    answer(client.GET("/api/workflows/{id}", { ...workflowPath(id), signal })) as Promise<Workflow>,
  create: (body: Schemas["CreateWorkflow"]) => answer(client.POST("/api/workflows", { body })),
  update: (id: string, body: { name?: string; description?: string }) =>
    answer(client.PATCH("/api/workflows/{id}", { ...workflowPath(id), body })),
  archive: (id: string) => answer(client.DELETE("/api/workflows/{id}", workflowPath(id))),
  restore: (id: string) => answer(client.POST("/api/workflows/{id}/restore", workflowPath(id))),
  putBoard: (id: string, board_config: BoardChange, moves: Record<string, string>) =>
    answer(
      client.PUT("/api/workflows/{id}/board", {
        ...workflowPath(id),
        body: { board_config: board_config as Schemas["BoardConfig"], moves },
      }),
    ),
  setTracking: (id: string, enabled: boolean) =>
    answer(client.POST("/api/workflows/{id}/ticket-tracking", { ...workflowPath(id), body: { enabled } })),
  members: async (id: string, signal?: AbortSignal) =>
    (await answer(client.GET("/api/workflows/{id}/members", { ...workflowPath(id), signal }))).members as Member[],
  putMember: (id: string, actor: string, role: Role) =>
    answer(client.PUT("/api/workflows/{id}/members/{actor}", { params: { path: { id, actor } }, body: { role } })),
  removeMember: (id: string, actor: string) =>
    answer(client.DELETE("/api/workflows/{id}/members/{actor}", { params: { path: { id, actor } } })),
};

export const board = {
  snapshot: (workflow_id: string, signal?: AbortSignal) =>
    answer(
      client.GET("/api/board/{workflow_id}", { params: { path: { workflow_id } }, signal }),
    ) as Promise<BoardSnapshot>,
  events: (id: string, since: number, epoch: string | undefined, limit = 500) =>
    answer(
      client.GET("/api/workflows/{id}/events", { params: { path: { id }, query: { since, epoch, limit } } }),
    ) as Promise<EventPage>,
};

const ticketPath = (id: string) => ({ params: { path: { id } } });

export const tickets = {
  get: (id: string, signal?: AbortSignal) =>
    answer(client.GET("/api/tickets/{id}", { ...ticketPath(id), signal })) as Promise<TicketDetail>,
  create: (body: Schemas["CreateTicket"], idempotencyKey: string) =>
    answer(client.POST("/api/tickets/create", { params: { header: { "Idempotency-Key": idempotencyKey } }, body })),
  update: (ticket_id: string, updates: Schemas["TicketUpdates"]) =>
    answer(client.POST("/api/tickets/update", { body: { ticket_id, updates } })),
  changeStatus: (body: { ticket_id: string; new_status: string; comment?: string; position?: Position }) =>
    answer(client.POST("/api/tickets/change-status", { body })),
  reorder: (ticket_id: string, position: Position) =>
    answer(client.POST("/api/tickets/reorder", { body: { ticket_id, ...position } })),
  setBlockers: (ticket_id: string, blocked_by_ticket_ids: string[]) =>
    answer(client.POST("/api/tickets/set-blockers", { body: { ticket_id, blocked_by_ticket_ids } })),
  resolve: (ticket_id: string, resolution_comment: string) =>
    answer(client.POST("/api/tickets/resolve", { body: { ticket_id, resolution_comment } })),
  linkCommit: (ticket_id: string, commit_sha: string) =>
    answer(client.POST("/api/tickets/link-commit", { body: { ticket_id, commit_sha } })),
  merge: (ticket_id: string, into_ticket_id: string, comment?: string) =>
    answer(client.POST("/api/tickets/merge", { body: { ticket_id, into_ticket_id, comment } })),
  unmerge: (ticket_id: string) => answer(client.POST("/api/tickets/unmerge", { body: { ticket_id } })),
  commitDiff: (sha: string, workflow_id: string, signal?: AbortSignal) =>
    answer(client.GET("/api/tickets/commit-diff/{sha}", { params: { path: { sha }, query: { workflow_id } }, signal })),
  remove: (id: string) => answer(client.DELETE("/api/tickets/{id}", ticketPath(id))),
  restore: (id: string) => answer(client.POST("/api/tickets/{id}/restore", ticketPath(id))),
};

export const comments = {
  add: (ticket_id: string, comment_text: string, parent_id?: string) =>
    answer(client.POST("/api/tickets/comment", { body: { ticket_id, comment_text, parent_id } })),
  edit: (id: string, comment_text: string) =>
    answer(client.PATCH("/api/comments/{id}", { params: { path: { id } }, body: { comment_text } })),
  remove: (id: string) => answer(client.DELETE("/api/comments/{id}", { params: { path: { id } } })),
  react: (id: string, emoji: string, on: boolean) => {
    const where = { params: { path: { id, emoji } } };
    return answer(
      on
        ? client.PUT("/api/comments/{id}/reactions/{emoji}", where)
        : client.DELETE("/api/comments/{id}/reactions/{emoji}", where),
    );
  },
};

export { approvals } from "./approvals";
export { apps, jobs, messages } from "./jobs";
export { explain, Problem } from "./problem";
export { search, searches } from "./search";
export { type SessionState, session } from "./session";
export type * from "./types";
export { webhooks } from "./webhooks";
