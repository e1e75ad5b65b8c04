/** The search page without criteria, and without results. */
import { Clock, SearchX } from "lucide-react";
import { Button } from "@/ui/button";
import { Empty } from "@/ui/states";
import { TimeAgo } from "@/ui/time";
import { useClearRecentSearches, useRecentSearches } from "./recent-searches";
import { filterCount, fromSavedSearch, isFiltering, type SearchState, withoutFilters } from "./search-state";

interface SearchIntroProps {
  workflowId: string;
  onRun: (state: SearchState) => void;
}

export function SearchIntro({ workflowId, onRun }: SearchIntroProps) {
  const { data } = useRecentSearches(workflowId);
  const clear = useClearRecentSearches(workflowId);
  return (
    <div className="mx-auto grid w-full max-w-2xl gap-8 px-4 py-6">
      {data && data.length > 0 && (
        <section aria-label="Recent searches">
          <div className="mb-1 flex items-center justify-between">
            <h2 className="font-semibold text-sm">Recent searches</h2>
            <Button variant="ghost" size="sm" onClick={() => void clear()}>
              Clear
            </Button>
          </div>
          <ul className="-mx-2 grid grid-cols-1">
            {data.map((recent) => (
              <li key={`${recent.searched_at}${recent.query}`}>
                <button
                  type="button"
                  onClick={() => onRun(fromSavedSearch(recent))}
                  className="flex h-8 w-full items-center gap-2 rounded-md px-2 text-left hover:bg-muted"
                >
                  <Clock className="size-3.5 shrink-0 text-muted-foreground" aria-hidden="true" />
                  <span dir="auto" className="truncate">
                    {recent.query || "Filters only"}
                  </span>
                  <FilterCount count={filterCount(fromSavedSearch(recent))} />
                  <TimeAgo at={recent.searched_at} className="ml-auto shrink-0 text-2xs text-muted-foreground" />
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section aria-label="Search tips" className="text-muted-foreground">
        <h2 className="mb-2 font-semibold text-foreground text-sm">Search tips</h2>
        <ul className="grid gap-1.5">
          <Hint example="payment fails after the session expired">
            describe what you need; the exact words are not required
          </Hint>
          <Hint example="TKT-12">enter a key to find its ticket</Hint>
          <Hint example="&quot;null pointer&quot; -android">quote an exact phrase; use a minus to exclude a word</Hint>
        </ul>
      </section>
    </div>
  );
}

function FilterCount({ count }: { count: number }) {
  if (count === 0) return null;
  return (
    <span className="shrink-0 text-2xs text-muted-foreground">
      {count} filter{count === 1 ? "" : "s"}
    </span>
  );
}

function Hint({ example, children }: { example: string; children: string }) {
  return (
    <li>
      <code className="rounded bg-muted px-1.5 py-0.5 font-mono text-foreground text-xs">{example}</code> {children}
    </li>
  );
}

interface NoResultsProps {
  state: SearchState;
  onState: (state: SearchState) => void;
}

/** No results, with actions that widen the search. */
export function NoResults({ state, onState }: NoResultsProps) {
  const canWiden = isFiltering(state) || (state.mode && state.q) || state.comments === false;
  return (
    <Empty
      icon={<SearchX className="size-6" />}
      title="No tickets found"
      action={
        <span className="flex flex-wrap justify-center gap-2">
          {isFiltering(state) && <Button onClick={() => onState(withoutFilters(state))}>Clear filters</Button>}
          {state.mode && state.q && (
            <Button onClick={() => onState({ ...state, mode: undefined })}>Use hybrid search</Button>
          )}
          {state.comments === false && (
            <Button onClick={() => onState({ ...state, comments: undefined })}>Search in comments</Button>
          )}
          {!canWiden && <Button onClick={() => onState({})}>Clear search</Button>}
        </span>
      }
    >
      {state.q ? `No results for “${state.q}”. Try fewer or different words.` : "No tickets match these filters."}
    </Empty>
  );
}
