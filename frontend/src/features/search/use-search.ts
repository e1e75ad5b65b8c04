/** One way to search, for the page and the palette: as one types, the newest question only, without flicker. */
import { useQuery } from "@tanstack/react-query";
import { search } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { SearchAnswer, SearchRequest } from "@/api/types";

export const DEBOUNCE_MS = 140;

/** A question that is not asked any more is cancelled; until the next answer is there, the last one stays. */
export function useSearch(request: SearchRequest | null) {
  return useQuery({
    queryKey: queryKeys.search(request ?? { workflow_id: "", query: "" }),
    queryFn: ({ signal }) => search.tickets(request as SearchRequest, signal),
    enabled: request !== null,
    placeholderData: (old: SearchAnswer | undefined, query) =>
      request !== null && query?.queryKey[1] === request.workflow_id ? old : undefined,
    staleTime: 5_000,
    retry: false,
  });
}
