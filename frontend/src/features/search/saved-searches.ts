/** Saved searches of a workflow: query, mutations and unread counts. */
import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo, useSyncExternalStore } from "react";
import { explain, searches } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { SavedSearch, SavedSearchChange } from "@/api/types";
import { useLive } from "@/live/context";
import { toast } from "@/ui/toast";
import { type SearchState, toFilters } from "./search-state";

export function useSavedSearches(workflowId: string) {
  return useQuery({
    queryKey: queryKeys.savedSearches(workflowId),
    queryFn: ({ signal }) => searches.list(workflowId, signal),
    staleTime: 30_000,
  });
}

/** Number of unread matches of a saved search. */
export function useUnread(): (searchId: string) => number {
  const { matches } = useLive();
  const version = useSyncExternalStore(matches.subscribe, matches.getVersion);
  return useCallback((id: string) => (version >= 0 ? (matches.cursor(id)?.unread ?? 0) : 0), [matches, version]);
}

export interface SaveOptions {
  name: string;
  shared: boolean;
  notify: boolean;
}

export interface SavedActions {
  save: (state: SearchState, saving: SaveOptions) => Promise<SavedSearch>;
  change: (search: SavedSearch, change: SavedSearchChange) => Promise<boolean>;
  remove: (search: SavedSearch) => Promise<void>;
}

export function useSavedActions(workflowId: string): SavedActions {
  const queries = useQueryClient();
  const { matches } = useLive();
  return useMemo(() => {
    const put = (saved: SavedSearch) => {
      // Matches are announced from now on, also if the page is left before it follows the search.
      if (saved.notify) matches.begin(saved);
      patch(queries, workflowId, (list) => [...without(list, saved), saved]);
    };
    const save: SavedActions["save"] = async (state, saving) => {
      const saved = await searches.save({ workflow_id: workflowId, ...toSavedSearch(state), ...saving });
      put(saved);
      return saved;
    };
    const change: SavedActions["change"] = async (search, wanted) => {
      try {
        put(await searches.change(search.search_id, wanted));
        return true;
      } catch (error) {
        toast.error(`Could not update “${search.name}”`, { description: explain(error) });
        return false;
      }
    };
    const restore = async ({ name, query, search_type, filters, include_comments, shared, notify }: SavedSearch) => {
      try {
        const again = { name, query, search_type, filters, include_comments, shared, notify };
        put(await searches.save({ workflow_id: workflowId, ...again }));
      } catch (error) {
        toast.error(`Could not restore “${name}”`, { description: explain(error) });
      }
    };
    const remove: SavedActions["remove"] = async (search) => {
      try {
        await searches.remove(search.search_id);
      } catch (error) {
        toast.error(`Could not delete “${search.name}”`, { description: explain(error) });
        return;
      }
      matches.remove(search.search_id);
      patch(queries, workflowId, (list) => without(list, search));
      toast(`“${search.name}” deleted`, {
        duration: 10_000,
        action: { label: "Undo", onClick: () => void restore(search) },
      });
    };
    return { save, change, remove };
  }, [queries, workflowId, matches]);
}

/** The stored fields of a search. */
export function toSavedSearch(
  state: SearchState,
): Pick<SavedSearch, "query" | "search_type" | "filters" | "include_comments"> {
  return {
    query: (state.q ?? "").trim(),
    search_type: state.mode ?? "hybrid",
    filters: toFilters(state),
    include_comments: state.comments !== false,
  };
}

function without(list: readonly SavedSearch[], search: SavedSearch): SavedSearch[] {
  return list.filter(({ search_id }) => search_id !== search.search_id);
}

function patch(queries: QueryClient, workflowId: string, work: (list: SavedSearch[]) => SavedSearch[]): void {
  const key = queryKeys.savedSearches(workflowId);
  queries.setQueryData<SavedSearch[]>(key, (list) => work(list ?? []).sort((a, b) => a.name.localeCompare(b.name)));
}
