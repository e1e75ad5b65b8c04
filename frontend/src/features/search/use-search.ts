/** Search as you type, shared by the search page and the palette. */
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { search } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { SearchRequest, SearchResponse } from "@/api/types";
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

/** The previous results, which stay until the next ones arrive, are not those of the request. */
export function resultStatus({ isError, isFetching, isSuccess, isPlaceholderData }: UseQueryResult): ResultStatus {
  if (isError && !isFetching) return "failed";
  return isSuccess && !isPlaceholderData ? "ready" : "loading";
}
