/** Ticket search, similar tickets and saved searches. */
import { client, unwrap } from "./http";
import type {
  DuplicateCheckResponse,
  EventPage,
  ExportFormat,
  RecentSearch,
  RelatedTicketsResponse,
  SavedSearch,
  SavedSearchChange,
  SearchRequest,
  SearchResponse,
} from "./types";
import type { Schemas } from "./types/schema";

export const search = {
  tickets: (body: SearchRequest, signal?: AbortSignal) =>
    unwrap(client.POST("/api/tickets/search", { body, signal })) as Promise<SearchResponse>,
  /** Exports the results as a file. */
  export: async (request: SearchRequest, format: ExportFormat) => {
    const call = client.POST("/api/tickets/search/export", {
      body: { ...request, format },
      headers: { accept: "*/*" },
      parseAs: "blob",
    });
    const { data, response } = await call;
    return { file: data as unknown as Blob, name: fileName(response.headers.get("content-disposition")) };
  },
  related: (id: string, limit: number, signal?: AbortSignal) =>
    unwrap(
      client.GET("/api/tickets/{id}/related", { params: { path: { id }, query: { limit } }, signal }),
    ) as Promise<RelatedTicketsResponse>,
  checkDuplicate: (body: Schemas["CheckDuplicate"], signal?: AbortSignal) =>
    unwrap(client.POST("/api/tickets/check-duplicate", { body, signal })) as Promise<DuplicateCheckResponse>,
};

const searchPath = (id: string) => ({ params: { path: { id } } });
const inWorkflow = (workflow_id: string) => ({ params: { query: { workflow_id } } });

export const searches = {
  list: async (workflowId: string, signal?: AbortSignal) =>
    (await unwrap(client.GET("/api/searches", { ...inWorkflow(workflowId), signal }))).searches as SavedSearch[],
  get: (id: string) => unwrap(client.GET("/api/searches/{id}", searchPath(id))) as Promise<SavedSearch>,
  save: (body: Schemas["SaveSearch"]) => unwrap(client.POST("/api/searches", { body })) as Promise<SavedSearch>,
  change: (id: string, body: SavedSearchChange) =>
    unwrap(client.PATCH("/api/searches/{id}", { ...searchPath(id), body })) as Promise<SavedSearch>,
  remove: (id: string) => unwrap(client.DELETE("/api/searches/{id}", searchPath(id))),
  events: (id: string, since: number, epoch: string) =>
    unwrap(
      client.GET("/api/searches/{id}/events", { params: { path: { id }, query: { since, epoch, limit: 500 } } }),
    ) as Promise<EventPage>,
  recent: async (workflowId: string, signal?: AbortSignal) =>
    (await unwrap(client.GET("/api/searches/recent", { ...inWorkflow(workflowId), signal })))
      .searches as RecentSearch[],
  recordRecent: (body: Schemas["NoteSearch"]) => unwrap(client.POST("/api/searches/recent", { body })),
  clearRecent: (workflowId: string) => unwrap(client.DELETE("/api/searches/recent", inWorkflow(workflowId))),
};

function fileName(disposition: string | null): string | null {
  return /filename="?([^";]+)"?/i.exec(disposition ?? "")?.[1] ?? null;
}
