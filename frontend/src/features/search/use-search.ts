/** Search as you type, shared by the search page and the palette. */
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { search } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { SearchRequest, SearchResponse, SearchResult } from "@/api/types";
import type { ResultStatus } from "@/ui/use-deferred-action";

export const DEBOUNCE_MS = 140;

/** Cancels outdated requests and keeps the previous results until the next ones arrive. */
export function useSearch(request: SearchRequest | null) {
  return useQuery({
    queryKey: queryKeys.search(request ?? { workflow_id: "", query: "" }),
    queryFn: ({ signal }) => search.tickets(request as SearchRequest, signal),
    enabled: request !== null,
    placeholderData: (old: SearchResponse | undefined, query) =>
      request !== null && query?.queryKey[1] === request.workflow_id ? old : undefined,
    staleTime: 5_000,
    retry: false,
  });
}

/** A search of several workflows sends a request to each, so it takes only some. */
export const MAX_SEARCHED = 8;

/** A result with its workflow, if that is not the one that was searched. */
export type FoundTicket = SearchResult & { workflow_id?: string };
export type FoundTickets = Pick<SearchResponse, "total_found" | "total_is_exact"> & { results: FoundTicket[] };

/** Searches several workflows at once, of which the first ones are taken. Fails only if all of them do. */
export function useSearchIn(workflowIds: readonly string[], query: string, limit: number) {
  const ids = workflowIds.slice(0, MAX_SEARCHED);
  return useQuery<FoundTickets>({
    queryKey: ["search", "several", ids, query, limit],
    queryFn: async ({ signal }) => {
      const answers = await Promise.allSettled(
        ids.map(async (workflow_id) => {
          const answer = await search.tickets({ workflow_id, query: query.trim(), limit }, signal);
          return answer.results.map((result): FoundTicket => ({ ...result, workflow_id }));
        }),
      );
      const lists = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
      const [failure] = answers.filter((answer) => answer.status === "rejected");
      if (lists.length === 0 && failure) throw failure.reason;
      const results = lists.flat().sort(byRelevance).slice(0, limit);
      return { results, total_found: results.length, total_is_exact: false };
    },
    enabled: ids.length > 0,
    placeholderData: (old) => (ids.length > 0 ? old : undefined),
    staleTime: 5_000,
    retry: false,
  });
}

/** A ticket whose key or title matches comes before one that only means something similar. */
function byRelevance(a: SearchResult, b: SearchResult): number {
  const named = ({ matched_in }: SearchResult) =>
    Number(matched_in.includes("key")) * 2 + Number(matched_in.includes("title"));
  return named(b) - named(a) || b.relevance_score - a.relevance_score;
}

/** The previous results, which stay until the next ones arrive, are not those of the request. */
export function resultStatus({
  isError,
  isFetching,
  isSuccess,
  isPlaceholderData,
}: Pick<UseQueryResult, "isError" | "isFetching" | "isSuccess" | "isPlaceholderData">): ResultStatus {
  if (isError && !isFetching) return "failed";
  return isSuccess && !isPlaceholderData ? "ready" : "loading";
}
