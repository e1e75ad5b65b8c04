/** Workflows, their members and their boards. */
import { client, fetchAllPages, unwrap } from "./http";
import type {
  BoardChange,
  BoardChanges,
  BoardConfig,
  BoardSnapshot,
  BoardTemplate,
  EventPage,
  Member,
  Role,
  TicketPage,
  Workflow,
} from "./types";
import type { Schemas } from "./types/schema";

const workflowPath = (id: string) => ({ params: { path: { id } } });

export const workflows = {
  list: (archived: boolean, signal?: AbortSignal) =>
    fetchAllPages(
      (cursor) =>
        unwrap(
          client.GET("/api/workflows", {
            params: { query: { include_archived: archived || undefined, limit: 200, cursor } },
            signal,
          }),
        ),
      (page) => page.workflows as Workflow[],
    ),
  templates: async (signal?: AbortSignal) =>
    Object.entries(await unwrap(client.GET("/api/board-templates", { signal }))).map(
      ([id, board_config]): BoardTemplate => ({ id, board_config: board_config as BoardConfig }),
    ),
  get: (id: string, signal?: AbortSignal) =>
    unwrap(client.GET("/api/workflows/{id}", { ...workflowPath(id), signal })) as Promise<Workflow>,
  create: (body: Schemas["CreateWorkflow"]) => unwrap(client.POST("/api/workflows", { body })),
  update: (id: string, body: { name?: string; description?: string; time_zone?: string }) =>
    unwrap(client.PATCH("/api/workflows/{id}", { ...workflowPath(id), body })),
  archive: (id: string) => unwrap(client.DELETE("/api/workflows/{id}", workflowPath(id))),
  restore: (id: string) => unwrap(client.POST("/api/workflows/{id}/restore", workflowPath(id))),
  putBoard: (id: string, board_config: BoardChange, moves: Record<string, string>, version?: string | null) =>
    unwrap(
      client.PUT("/api/workflows/{id}/board", {
        ...workflowPath(id),
        body: { board_config: board_config as Schemas["BoardConfig"], moves, version: version ?? null },
      }),
    ),
  setTracking: (id: string, enabled: boolean) =>
    unwrap(client.POST("/api/workflows/{id}/ticket-tracking", { ...workflowPath(id), body: { enabled } })),
  members: async (id: string, signal?: AbortSignal) =>
    (await unwrap(client.GET("/api/workflows/{id}/members", { ...workflowPath(id), signal }))).members as Member[],
  putMember: (id: string, actor: string, role: Role) =>
    unwrap(client.PUT("/api/workflows/{id}/members/{actor}", { params: { path: { id, actor } }, body: { role } })),
  removeMember: (id: string, actor: string) =>
    unwrap(client.DELETE("/api/workflows/{id}/members/{actor}", { params: { path: { id, actor } } })),
};

export const board = {
  /** The tickets of a column before a cursor, the last one first. */
  olderTickets: (workflow_id: string, status: string, cursor: string) =>
    unwrap(
      client.GET("/api/tickets", {
        params: { query: { workflow_id, status, cursor, sort_by: "rank", sort_order: "desc", limit: 200 } },
      }),
    ) as Promise<TicketPage>,
  snapshot: (workflow_id: string, signal?: AbortSignal) =>
    unwrap(
      client.GET("/api/board/{workflow_id}", { params: { path: { workflow_id } }, signal }),
    ) as Promise<BoardSnapshot>,
  /** The board as it was at a time. */
  at: (workflow_id: string, at: string, signal?: AbortSignal) =>
    unwrap(
      client.GET("/api/board/{workflow_id}", { params: { path: { workflow_id }, query: { at } }, signal }),
    ) as Promise<BoardSnapshot>,
  /** How the board changed from one time to another, or to now. */
  changes: (workflow_id: string, from: string, to: string | undefined, signal?: AbortSignal) =>
    unwrap(
      client.GET("/api/board/{workflow_id}/changes", {
        params: { path: { workflow_id }, query: { from, to } },
        signal,
      }),
    ) as Promise<BoardChanges>,
  events: (id: string, since: number, epoch: string | undefined, limit = 500) =>
    unwrap(
      client.GET("/api/workflows/{id}/events", { params: { path: { id }, query: { since, epoch, limit } } }),
    ) as Promise<EventPage>,
};
