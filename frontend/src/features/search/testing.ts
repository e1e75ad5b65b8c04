/** Fixtures of the tests of this folder. */
import type { SearchResponse, SearchResult } from "@/api/types";

export function searchResult(ticket_id: string, title = ticket_id): SearchResult {
  return {
    ticket_id,
    key: `TKT-${ticket_id}`,
    title,
    highlighted_title: title,
    matched_in: ["title"],
    is_resolved: false,
  } as unknown as SearchResult;
}

export function searchResponse(query: string, ...ids: string[]): SearchResponse {
  return {
    success: true,
    query,
    mode: "hybrid",
    results: ids.map((id) => searchResult(id)),
    total_found: ids.length,
    total_is_exact: true,
    search_time_ms: 3,
    stale_embeddings: false,
    notice: null,
  };
}
