import type { UseQueryResult } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { explain } from "@/api";
import type { NameOf } from "@/api/hooks";
import type { SearchResponse } from "@/api/types";
import type { BoardShape } from "@/live/context";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { Empty, Notice, Spinner } from "@/ui/states";
import { Tooltip } from "@/ui/tooltip";
import { NoResults, SearchIntro } from "./empty-states";
import { degradedReason, isIndexing, resultCount } from "./labels";
import { Preview } from "./preview";
import { ResultList } from "./results";
import { hasCriteria, type SearchState } from "./search-state";
import type { ResultNavigation } from "./use-result-navigation";

interface Props {
  workflowId: string;
  shape: BoardShape;
  nameOf: NameOf;
  state: SearchState;
  query: UseQueryResult<SearchResponse>;
  navigation: ResultNavigation;
  listId: string;
  onOpen: (ticketId: string, elsewhere?: boolean) => void;
  onState: (state: SearchState) => void;
}

/** The result list and a preview of the active result. */
export function ResultsPane({ workflowId, shape, nameOf, state, query, navigation, listId, onOpen, onState }: Props) {
  const { data } = query;
  const { results, active } = navigation;
  const scroller = useRef<HTMLDivElement>(null);
  const criteria = query.isPlaceholderData ? null : JSON.stringify(state);
  useEffect(() => {
    // New criteria start at the top of the list.
    if (criteria) scroller.current?.scrollTo({ top: 0 });
  }, [criteria]);
  if (!hasCriteria(state)) {
    return (
      <div className="scroll-thin min-h-0 flex-1 overflow-y-auto">
        <SearchIntro workflowId={workflowId} onRun={onState} />
      </div>
    );
  }
  return (
    <div className="flex min-h-0 min-w-0 flex-1">
      {/* The previous results stay until the next ones arrive; the input shows the progress. */}
      <div ref={scroller} className="scroll-thin relative min-h-0 min-w-0 flex-1 overflow-y-auto">
        {query.isError ? (
          <Empty
            title="Search failed"
            action={
              <Button variant="primary" onClick={() => void query.refetch()}>
                Try again
              </Button>
            }
          >
            {explain(query.error)}
          </Empty>
        ) : data ? (
          <>
            <ResultSummary answer={data} state={state} shown={results.length} />
            {results.length > 0 ? (
              <div className={cn("transition-opacity", query.isPlaceholderData && "opacity-70")}>
                <ResultList
                  id={listId}
                  results={results}
                  activeId={active?.ticket_id}
                  shape={shape}
                  nameOf={nameOf}
                  onActive={navigation.setActive}
                  onOpen={onOpen}
                />
              </div>
            ) : (
              !query.isPlaceholderData && <NoResults state={state} onState={onState} />
            )}
          </>
        ) : (
          <Spinner label="Searching…" />
        )}
      </div>
      {active && !query.isError && (
        <aside
          aria-label="Preview"
          className="hidden w-[26rem] shrink-0 flex-col border-l bg-surface lg:flex 2xl:w-[32rem]"
        >
          <Preview result={active} shape={shape} nameOf={nameOf} onOpen={onOpen} />
        </aside>
      )}
    </div>
  );
}

function ResultSummary({ answer, state, shown }: { answer: SearchResponse; state: SearchState; shown: number }) {
  const warning = degradedReason(answer, state.mode ?? "hybrid");
  const countText = resultCount(answer);
  const best = answer.total_found > shown ? `Top ${shown} of ${countText}` : capitalize(countText);
  return (
    <div className="sticky top-0 z-10 border-b bg-background/95 px-4 py-2 backdrop-blur">
      <p className="tabular flex items-center text-muted-foreground text-xs" data-testid="found">
        <span>{best}</span>
        {isIndexing(answer) && (
          <Tooltip label="Recent changes are still being indexed. Until then, changed tickets match by keyword only.">
            <button type="button" className="ml-3 flex min-w-0 cursor-default items-center gap-1.5">
              <span aria-hidden="true" className="size-1.5 shrink-0 rounded-full bg-warning" />
              <span dir="auto" className="truncate">
                Indexing recent changes
              </span>
            </button>
          </Tooltip>
        )}
        <span className="ml-auto pl-3">{Math.max(1, Math.round(answer.search_time_ms))} ms</span>
      </p>
      {warning && (
        <div role="status" className="mt-2">
          <Notice tone="warning">{warning}</Notice>
        </div>
      )}
    </div>
  );
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
