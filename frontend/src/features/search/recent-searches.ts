/** Recent searches of the user in a workflow. Recorded when a result is opened, or on Enter. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { explain, searches } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { RecentSearch } from "@/api/types";
import { toast } from "@/ui/toast";
import { toSavedSearch } from "./saved-searches";
import { hasCriteria, type SearchState } from "./search-state";

export function useRecentSearches(workflowId: string | undefined) {
  return useQuery({
    queryKey: queryKeys.recentSearches(workflowId ?? ""),
    queryFn: ({ signal }) => searches.recent(workflowId ?? "", signal),
    enabled: workflowId !== undefined,
    retry: false,
  });
}

export function useClearRecentSearches(workflowId: string): () => Promise<void> {
  const queries = useQueryClient();
  return useCallback(async () => {
    const key = queryKeys.recentSearches(workflowId);
    queries.setQueryData<RecentSearch[]>(key, []);
    try {
      await searches.clearRecent(workflowId);
    } catch (error) {
      toast.error("Could not clear recent searches", { description: explain(error) });
      void queries.invalidateQueries({ queryKey: key });
    }
  }, [queries, workflowId]);
}

/** Records a search. Errors are ignored. */
export function useRecordSearch(workflowId: string | undefined): (state: SearchState) => void {
  const queries = useQueryClient();
  return useCallback(
    (state) => {
      if (!workflowId || !hasCriteria(state)) return;
      const { query, search_type, filters } = toSavedSearch(state);
      void searches
        .recordRecent({ workflow_id: workflowId, query, search_type, filters })
        .then(() => queries.invalidateQueries({ queryKey: queryKeys.recentSearches(workflowId) }))
        .catch(() => undefined);
    },
    [queries, workflowId],
  );
}
