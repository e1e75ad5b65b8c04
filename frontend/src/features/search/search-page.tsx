import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowLeft, BookmarkPlus, SlidersHorizontal } from "lucide-react";
import { type RefObject, useEffect, useRef, useState } from "react";
import { useActors } from "@/api/hooks";
import { WorkflowFailure } from "@/entities/workflow/workflow-failure";
import { type BoardShape, useBoardShape, useLive } from "@/live/context";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { Spinner } from "@/ui/states";
import { useDebouncedInput } from "@/ui/use-debounced-input";
import { useShortcuts } from "@/ui/use-shortcuts";
import { useTitle } from "@/ui/use-title";
import { ExportMenu } from "./export-menu";
import { FilterPanel } from "./filter-panel";
import { useRecordSearch } from "./recent-searches";
import { ResultsPane } from "./results-pane";
import { SaveDialog } from "./save-dialog";
import { SavedSearchList } from "./saved-search-list";
import { useSavedActions, useSavedSearches, useUnread } from "./saved-searches";
import { ModeSwitch, SearchBox } from "./search-bar";
import { filterCount, fromSavedSearch, hasCriteria, type SearchState, sameSearch, toRequest } from "./search-state";
import { useResultNavigation } from "./use-result-navigation";
import { DEBOUNCE_MS, resultStatus, useSearch } from "./use-search";

interface Props {
  workflowId: string;
  state: SearchState;
  /** `step` adds a history entry. */
  onState: (state: SearchState, step?: boolean) => void;
  openTicketId: string | undefined;
  onOpen: (ticketId: string) => void;
}

/** The server's maximum page size. */
const LIMIT = 50;
const LIST_ID = "search-results";

export function SearchPage(props: Props) {
  const { shape, error, retry } = useBoardShape(props.workflowId);
  if (shape) return <Page shape={shape} {...props} />;
  if (!error) return <Spinner label="Loading search…" className="flex-1" />;
  return <WorkflowFailure what="search" error={error} onRetry={retry} />;
}

function Page({ shape, workflowId, state, onState, openTicketId, onOpen }: Props & { shape: BoardShape }) {
  const { actors, nameOf } = useActors(workflowId);
  const [filtersOpen, setFiltersOpen] = useState(false);
  const [saving, setSaving] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const saved = useSavedSearches(workflowId);
  const actions = useSavedActions(workflowId);
  const unread = useUnread();
  const recordSearch = useRecordSearch(workflowId);
  const hasQuery = hasCriteria(state);
  const query = useSearch(hasQuery ? toRequest(workflowId, state, LIMIT) : null);
  const open = (ticketId: string, elsewhere = false) => {
    recordSearch(state);
    if (elsewhere) window.open(`/w/${workflowId}/t/${ticketId}`, "_blank", "noopener");
    else onOpen(ticketId);
  };
  const setQuery = (q: string) => onState({ ...state, q: q || undefined });
  const searchInput = useDebouncedInput(state.q ?? "", setQuery, DEBOUNCE_MS);
  const navigation = useResultNavigation({
    answer: hasQuery ? query.data : undefined,
    status: resultStatus(query),
    state,
    input: searchInput,
    listId: LIST_ID,
    onOpen: open,
    onSubmit: recordSearch,
  });
  const current = saved.data?.find((search) => sameSearch(fromSavedSearch(search), state));
  useTitle(openTicketId ? null : state.q ? `${state.q} · Search` : `Search · ${shape.workflow.name}`);
  useMarkSeen(current?.search_id);
  useRefocusInput(workflowId, openTicketId, input);
  useShortcuts({
    "/": {
      label: "Search tickets",
      group: "Search",
      run: (event) => {
        event.preventDefault();
        input.current?.focus();
      },
    },
    ArrowDown: { label: "Next and previous result", group: "Search", keys: ["ArrowDown", "ArrowUp"] },
    Enter: { label: "Open the result", group: "Search" },
  });
  const set = (next: SearchState) => onState(next);

  return (
    <div className="flex min-w-0 flex-1 flex-col">
      <h1 className="sr-only">Search in {shape.workflow.name}</h1>
      <search className="flex shrink-0 flex-wrap items-center gap-2 border-b bg-surface px-3 py-2">
        <div className="flex w-full min-w-0 items-center gap-1.5 md:w-auto md:flex-1">
          <Button variant="ghost" size="icon" asChild>
            <Link to="/w/$workflowId" params={{ workflowId }} search={{}} aria-label="Back to board">
              <ArrowLeft />
            </Link>
          </Button>
          <SearchBox
            text={searchInput.text}
            onText={navigation.setText}
            busy={query.isFetching}
            inputRef={input}
            listId={LIST_ID}
            activeId={navigation.activeOption}
            expanded={navigation.results.length > 0}
            onKey={navigation.onKey}
            onLeave={navigation.cancelOpen}
          />
        </div>
        <ModeSwitch
          mode={state.mode ?? "hybrid"}
          onMode={(mode) => set({ ...state, mode: mode === "hybrid" ? undefined : mode })}
        />
        <div className="ml-auto flex items-center gap-2">
          <Button
            className="xl:hidden"
            aria-expanded={filtersOpen}
            aria-controls="search-side"
            onClick={() => setFiltersOpen((old) => !old)}
          >
            <SlidersHorizontal />
            <span className="sr-only sm:not-sr-only">Filters</span>
            {filterCount(state) > 0 && <span className="tabular">{filterCount(state)}</span>}
          </Button>
          <ExportMenu workflowId={workflowId} state={state} disabled={navigation.results.length === 0} />
          <Button disabled={!hasQuery || current !== undefined} onClick={() => setSaving(true)}>
            <BookmarkPlus />
            <span className="sr-only sm:not-sr-only">{current ? "Saved" : "Save"}</span>
          </Button>
        </div>
      </search>
      <div className="flex min-h-0 flex-1 flex-col xl:flex-row">
        <aside
          id="search-side"
          aria-label="Saved searches and filters"
          className={cn(
            "scroll-thin shrink-0 content-start gap-5 overflow-y-auto bg-sunken/60 px-4 py-3 xl:grid xl:w-64 xl:border-r",
            filtersOpen ? "grid max-h-[55%] border-b xl:max-h-none xl:border-b-0" : "hidden",
          )}
        >
          <SavedSearchList
            searches={saved.data}
            failed={saved.isError}
            state={state}
            unread={unread}
            actions={actions}
            ownsWorkflow={shape.workflow.role === "owner"}
            onRun={(search) => onState(fromSavedSearch(search), true)}
          />
          <FilterPanel shape={shape} people={actors} state={state} onState={set} />
        </aside>
        <ResultsPane
          workflowId={workflowId}
          shape={shape}
          nameOf={nameOf}
          state={state}
          query={query}
          navigation={navigation}
          listId={LIST_ID}
          onOpen={open}
          onState={(next) => onState(next, true)}
        />
      </div>
      {saving && (
        <SaveDialog
          state={state}
          canShare={shape.workflow.role !== "viewer"}
          actions={actions}
          onClose={() => setSaving(false)}
        />
      )}
    </div>
  );
}

/** Marks matches of the open saved search as read while it is open. */
function useMarkSeen(searchId: string | undefined): void {
  const unread = useUnread();
  const count = searchId ? unread(searchId) : 0;
  const { matches } = useLive();
  useEffect(() => {
    if (searchId && count > 0) matches.markSeen(searchId);
  }, [searchId, count, matches]);
}

/** Returns the focus to the search input after a ticket was closed. */
function useRefocusInput(
  workflowId: string,
  openTicketId: string | undefined,
  input: RefObject<HTMLInputElement | null>,
): void {
  const queries = useQueryClient();
  const opened = useRef(openTicketId);
  useEffect(() => {
    if (!openTicketId && (opened.current || document.activeElement === document.body)) {
      input.current?.focus({ preventScroll: true });
    }
    // The ticket may have been changed in the drawer.
    if (!openTicketId && opened.current) void queries.invalidateQueries({ queryKey: ["search", workflowId] });
    opened.current = openTicketId;
  }, [queries, workflowId, openTicketId, input]);
}
