import { Command } from "cmdk";
import { Check, Clock, Columns3, LoaderCircle, Search, TextSearch } from "lucide-react";
import { type KeyboardEvent, useLayoutEffect, useState } from "react";
import { useWorkflows } from "@/api/hooks";
import type { SearchResult } from "@/api/types";
import { Kbd } from "@/ui/states";
import { useDebouncedInput } from "@/ui/use-debounced-input";
import { useDeferredAction } from "@/ui/use-deferred-action";
import { isComposing } from "@/ui/use-shortcuts";
import { Highlighted } from "./highlighted";
import { matchedIn, resultCount } from "./labels";
import { groupClass, type PaletteAction, type PaletteStep, rowClass } from "./palette-types";
import { useRecentSearches, useRecordSearch } from "./recent-searches";
import { toRequest } from "./search-state";
import { DEBOUNCE_MS, type FoundTicket, resultStatus, useSearch, useSearchIn } from "./use-search";

const LIMIT = 8;
const MAX_RECENT = 5;
const ALL = "all-results";
const EVERYWHERE = "all-workflows";
const MAX_WORKFLOWS = 8;
/** Fewer letters begin too many words. */
const MIN_COMMAND = 2;

export interface SearchProps {
  /** The open workflow, whose tickets are searched. Without one, those of several are. */
  workflowId: string | undefined;
  /** The workflows that are searched together, the most important first. Defaults to the newest. */
  searched?: readonly string[];
  actions: readonly PaletteAction[];
  /** Opens the search page. */
  onAll: (workflowId: string, query: string) => void;
  onTicket: (workflowId: string, ticketId: string) => void;
  onWorkflow: (workflowId: string) => void;
  /** Leads to another list. */
  onStep: (step: PaletteStep) => void;
  onDone: () => void;
}

/** The first list of the palette. */
export function PaletteSearch(props: SearchProps) {
  const { workflowId, searched, actions, onAll, onTicket, onWorkflow, onStep, onDone } = props;
  const [everywhere, setEverywhere] = useState(workflowId === undefined);
  const [query, setQuery] = useState("");
  const input = useDebouncedInput(query, setQuery, DEBOUNCE_MS);
  const text = input.text.trim();
  const workflows = useWorkflows();
  const here = useSearch(!everywhere && workflowId && query !== "" ? toRequest(workflowId, { q: query }, LIMIT) : null);
  const known = workflows.data ?? [];
  const nameOf = (id: string) => known.find((workflow) => workflow.id === id)?.name ?? "";
  const all = useSearchIn(everywhere && query !== "" ? (searched ?? known.map(({ id }) => id)) : [], query, LIMIT);
  const found = everywhere ? all : here;
  const recent = useRecentSearches(workflowId);
  const recordSearch = useRecordSearch(workflowId);
  const matchesText = (name: string) => name.toLowerCase().includes(text.toLowerCase());
  const recentQueries = [...new Set((recent.data ?? []).map((entry) => entry.query))]
    .filter(Boolean)
    .slice(0, MAX_RECENT);
  const showsTickets = text !== "" && query !== "" && (!everywhere || known.length > 0);
  const results: readonly FoundTicket[] = showsTickets ? (found.data?.results ?? []) : [];
  const ticketRows = results.map((ticket) => {
    const home = ticket.workflow_id ?? workflowId;
    const run = () => {
      if (home === workflowId) recordSearch({ q: query });
      if (home) onTicket(home, ticket.ticket_id);
    };
    return { ticket, value: ticket.ticket_id, from: everywhere && home ? nameOf(home) : null, run };
  });
  const workflowRows = (workflows.data ?? [])
    .filter(({ name }) => matchesText(name))
    .slice(0, MAX_WORKFLOWS)
    .map(({ id, name }) => ({ name, value: id, run: () => onWorkflow(id) }));
  const activate = (action: PaletteAction) => () => {
    if (action.step) onStep(action.step());
    else {
      onDone();
      action.run();
    }
  };
  const rows = actions
    .filter(({ name }) => matchesText(name))
    .map((action) => ({ ...action, value: `${action.group ?? ""} ${action.name}`.trim(), activate: activate(action) }));
  const actionRows = rows.filter(({ group }) => group === undefined);
  const groups = [...new Set(rows.flatMap(({ group }) => group ?? []))].map((name) => ({
    name,
    list: rows.filter(({ group }) => group === name),
  }));
  // Somebody who types the start of a command means it, whatever tickets are found for the word.
  const command = groups
    .flatMap(({ list }) => list)
    .find(({ name }) => text.length >= MIN_COMMAND && name.toLowerCase().startsWith(text.toLowerCase()));
  const allRow = { value: ALL, run: () => workflowId && onAll(workflowId, text) };
  const select = (row: { run: () => void }) => () => {
    onDone();
    row.run();
  };

  const openBest = (row: { value: string; run: () => void } | undefined) =>
    row && { value: row.value, open: select(row) };
  const openAction = (row: (typeof rows)[number] | undefined) => row && { value: row.value, open: row.activate };
  const best =
    openAction(command) ??
    openBest(ticketRows[0] ?? workflowRows[0]) ??
    openAction(rows[0]) ??
    openBest(showsTickets && !everywhere ? allRow : undefined);
  const searchStatus = showsTickets ? resultStatus(found) : "ready";
  const status =
    command !== undefined
      ? "ready"
      : text !== query || (ticketRows.length === 0 && workflows.isPending && searchStatus === "ready")
        ? "loading"
        : searchStatus;
  const choice = useDeferredAction<string | null>({
    target: text,
    status,
    run: (value) => {
      const row = value === null ? best : openBest(ticketRows.find((each) => each.value === value));
      row?.open();
    },
  });

  const [selected, setSelected] = useState("");
  // Until the highlight is moved for a text, it is on the best row. cmdk alone would put it on the first row, and leave
  // it there when better rows arrive.
  const [moved, setMoved] = useState(false);
  const wanted = text !== "" && status === "ready" && !moved ? best?.value : undefined;
  useLayoutEffect(() => {
    if (wanted !== undefined && selected !== wanted) setSelected(wanted);
  }, [wanted, selected]);
  const setText = (next: string) => {
    choice.cancel();
    setMoved(false);
    input.setText(next);
  };
  const onKey = (event: KeyboardEvent) => {
    if (isComposing(event.nativeEvent)) return;
    if (movesHighlight(event)) {
      choice.cancel();
      setMoved(true);
    }
    if (event.key !== "Enter" || text === "" || status === "failed") return;
    const onTicketRow = ticketRows.some(({ value }) => value === selected);
    // Rows other than tickets do not depend on the search. cmdk runs the highlighted row.
    if (moved && (status === "ready" || !onTicketRow)) return;
    event.preventDefault();
    input.flush();
    choice.request(moved ? selected : null);
  };
  return (
    <Command shouldFilter={false} loop label="Search" value={selected} onValueChange={setSelected} onKeyDown={onKey}>
      <div className="flex items-center border-b px-4">
        <Command.Input
          value={input.text}
          onValueChange={setText}
          autoFocus
          placeholder="Search tickets, workflows and actions"
          className="h-12 flex-1 bg-transparent text-sm outline-none placeholder:text-muted-foreground"
        />
        {found.isFetching ? <LoaderCircle className="size-4 animate-spin text-muted-foreground" /> : <Kbd>Esc</Kbd>}
      </div>
      <Command.List className="scroll-thin max-h-[50vh] overflow-y-auto p-1.5" onPointerMove={() => setMoved(true)}>
        <Command.Empty className="px-4 py-8 text-center text-muted-foreground">
          {found.isFetching ? "Searching…" : "No results."}
        </Command.Empty>
        {groups.map(({ name, list }) => (
          <Command.Group key={name} heading={name} className={groupClass}>
            {list.map((row) => (
              <Command.Item key={row.value} value={row.value} onSelect={row.activate} className={rowClass}>
                {row.icon} {row.name}
              </Command.Item>
            ))}
          </Command.Group>
        ))}
        {ticketRows.length > 0 && (
          <Command.Group heading="Tickets" className={groupClass}>
            {ticketRows.map((row) => (
              <Command.Item key={row.value} value={row.value} onSelect={select(row)} className={rowClass}>
                <TicketRow ticket={row.ticket} from={row.from} />
              </Command.Item>
            ))}
          </Command.Group>
        )}
        {showsTickets && !everywhere && (
          <Command.Group className={groupClass}>
            <Command.Item value={ALL} onSelect={select(allRow)} className={rowClass}>
              <TextSearch />
              <span dir="auto" className="min-w-0 truncate">
                See all results for “{text}”
              </span>
              {found.data && !found.isPlaceholderData && (
                <span className="ml-auto shrink-0 text-2xs text-muted-foreground">{resultCount(found.data)}</span>
              )}
            </Command.Item>
            {known.length > 1 && (
              <Command.Item value={EVERYWHERE} onSelect={() => setEverywhere(true)} className={rowClass}>
                <Search />
                <span dir="auto" className="min-w-0 truncate">
                  Search all workflows for “{text}”
                </span>
              </Command.Item>
            )}
          </Command.Group>
        )}
        {input.text === "" && recentQueries.length > 0 && (
          <Command.Group heading="Recent searches" className={groupClass}>
            {recentQueries.map((each) => (
              <Command.Item key={each} value={`recent ${each}`} onSelect={() => setText(each)} className={rowClass}>
                <Clock />{" "}
                <span dir="auto" className="truncate">
                  {each}
                </span>
              </Command.Item>
            ))}
          </Command.Group>
        )}
        {workflowRows.length > 0 && (
          <Command.Group heading="Workflows" className={groupClass}>
            {workflowRows.map((row) => (
              <Command.Item key={row.value} value={row.value} onSelect={select(row)} className={rowClass}>
                <Columns3 />{" "}
                <span dir="auto" className="truncate">
                  {row.name}
                </span>
              </Command.Item>
            ))}
          </Command.Group>
        )}
        {actionRows.length > 0 && (
          <Command.Group heading="Actions" className={groupClass}>
            {actionRows.map((row) => (
              <Command.Item key={row.value} value={row.value} onSelect={row.activate} className={rowClass}>
                {row.icon} {row.name}
              </Command.Item>
            ))}
          </Command.Group>
        )}
      </Command.List>
    </Command>
  );
}

/** Whether cmdk moves the highlight by this key. */
function movesHighlight({ key, ctrlKey }: KeyboardEvent): boolean {
  return ["ArrowDown", "ArrowUp", "Home", "End"].includes(key) || (ctrlKey && ["n", "j", "p", "k"].includes(key));
}

function TicketRow({ ticket, from }: { ticket: SearchResult; from: string | null }) {
  const { key, highlighted_title, is_resolved, matched_in } = ticket;
  return (
    <>
      <span className="tabular w-16 shrink-0 text-muted-foreground text-xs">{key}</span>
      <span dir="auto" className="min-w-0 flex-1 truncate">
        <Highlighted html={highlighted_title} />
      </span>
      {from !== null && (
        <span dir="auto" className="max-w-32 shrink-0 truncate text-2xs text-muted-foreground">
          {from}
        </span>
      )}
      {from === null && !matched_in.includes("title") && matched_in.length > 0 && (
        <span className="shrink-0 text-2xs text-muted-foreground">{matchedIn(matched_in)}</span>
      )}
      {is_resolved && <Check aria-label="Resolved" />}
    </>
  );
}
