/** Tickets and their comments. */
import { client, unwrap } from "./http";
import type { CardPosition, TicketDetail, TicketPage } from "./types";
import type { Schemas } from "./types/schema";

const ticketPath = (id: string) => ({ params: { path: { id } } });

export const tickets = {
  get: (id: string, signal?: AbortSignal) =>
    unwrap(client.GET("/api/tickets/{id}", { ...ticketPath(id), signal })) as Promise<TicketDetail>,
  /** A page of an actor's open tickets in a workflow, in the order of the columns. */
  assigned: (workflow_id: string, actor: string, limit: number, cursor: string | undefined, signal?: AbortSignal) =>
    unwrap(
      client.GET("/api/tickets", {
        params: {
          query: {
            workflow_id,
            assigned_agent_id: actor,
            include_completed: false,
            sort_by: "status",
            sort_order: "asc",
            limit,
            cursor,
          },
        },
        signal,
      }),
    ) as Promise<TicketPage & { total_count: number }>,
  create: (body: Schemas["CreateTicket"], idempotencyKey: string) =>
    unwrap(client.POST("/api/tickets/create", { params: { header: { "Idempotency-Key": idempotencyKey } }, body })),
  update: (ticket_id: string, updates: Schemas["TicketUpdates"]) =>
    unwrap(client.POST("/api/tickets/update", { body: { ticket_id, updates } })),
  changeStatus: (body: { ticket_id: string; new_status: string; comment?: string; position?: CardPosition }) =>
    unwrap(client.POST("/api/tickets/change-status", { body })),
  reorder: (ticket_id: string, position: CardPosition) =>
    unwrap(client.POST("/api/tickets/reorder", { body: { ticket_id, ...position } })),
  setBlockers: (ticket_id: string, blocked_by_ticket_ids: string[]) =>
    unwrap(client.POST("/api/tickets/set-blockers", { body: { ticket_id, blocked_by_ticket_ids } })),
  resolve: (ticket_id: string, resolution_comment: string) =>
    unwrap(client.POST("/api/tickets/resolve", { body: { ticket_id, resolution_comment } })),
  linkCommit: (ticket_id: string, commit_sha: string) =>
    unwrap(client.POST("/api/tickets/link-commit", { body: { ticket_id, commit_sha } })),
  merge: (ticket_id: string, into_ticket_id: string, comment?: string) =>
    unwrap(client.POST("/api/tickets/merge", { body: { ticket_id, into_ticket_id, comment } })),
  unmerge: (ticket_id: string) => unwrap(client.POST("/api/tickets/unmerge", { body: { ticket_id } })),
  commitDiff: (sha: string, workflow_id: string, signal?: AbortSignal) =>
    unwrap(client.GET("/api/tickets/commit-diff/{sha}", { params: { path: { sha }, query: { workflow_id } }, signal })),
  commitFileLines: (sha: string, query: { workflow_id: string; path: string; first_line: number; last_line: number }) =>
    unwrap(client.GET("/api/tickets/commit-diff/{sha}/lines", { params: { path: { sha }, query } })),
  remove: (id: string) => unwrap(client.DELETE("/api/tickets/{id}", ticketPath(id))),
  restore: (id: string) => unwrap(client.POST("/api/tickets/{id}/restore", ticketPath(id))),
  deleted: (workflow: string, cursor?: string, signal?: AbortSignal) =>
    unwrap(
      client.GET("/api/workflows/{id}/deleted-tickets", {
        params: { path: { id: workflow }, query: { limit: 20, cursor } },
        signal,
      }),
    ),
};

export const comments = {
  add: (ticket_id: string, comment_text: string, parent_id?: string) =>
    unwrap(client.POST("/api/tickets/comment", { body: { ticket_id, comment_text, parent_id } })),
  edit: (id: string, comment_text: string) =>
    unwrap(client.PATCH("/api/comments/{id}", { params: { path: { id } }, body: { comment_text } })),
  remove: (id: string) => unwrap(client.DELETE("/api/comments/{id}", { params: { path: { id } } })),
  react: (id: string, emoji: string, on: boolean) => {
    const where = { params: { path: { id, emoji } } };
    return unwrap(
      on
        ? client.PUT("/api/comments/{id}/reactions/{emoji}", where)
        : client.DELETE("/api/comments/{id}/reactions/{emoji}", where),
    );
  },
};
