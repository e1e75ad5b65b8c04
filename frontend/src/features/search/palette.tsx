import { Command } from "cmdk";
import { Check, Clock, Columns3, LoaderCircle, TextSearch } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { type KeyboardEvent, type ReactNode, useLayoutEffect, useState } from "react";
import { useWorkflows } from "@/api/hooks";
import type { SearchResult } from "@/api/types";
import { Kbd } from "@/ui/states";
import { useDebouncedInput } from "@/ui/use-debounced-input";
import { useDeferredAction } from "@/ui/use-deferred-action";
import { Highlighted } from "./highlighted";
import { matchedIn, resultCount } from "./labels";
import { useRecentSearches, useRecordSearch } from "./recent-searches";
import { toRequest } from "./search-state";
import { DEBOUNCE_MS, resultStatus, useSearch } from "./use-search";

export interface PaletteAction {
  name: string;
  icon: ReactNode;
  run: () => void;
}

interface Props {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  /** Workflow whose tickets are searched. */
  workflowId: string | undefined;
  actions: readonly PaletteAction[];
  /** Opens the search page. */
  onAll: (workflowId: string, query: string) => void;
  onTicket: (workflowId: string, ticketId: string) => void;
  onWorkflow: (workflowId: string) => void;
}

const LIMIT = 8;
const MAX_RECENT = 5;
const ALL = "all-results";
const MAX_WORKFLOWS = 8;
const rowClass =
  "flex cursor-pointer items-center gap-2.5 rounded-md px-2.5 py-2 data-[selected=true]:bg-muted [&_svg]:size-4 [&_svg]:shrink-0 [&_svg]:text-muted-foreground";
const groupClass =
  "[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:font-medium [&_[cmdk-group-heading]]:text-2xs [&_[cmdk-group-heading]]:text-muted-foreground";

/** Command palette (Ctrl+K): workflows and actions by name, tickets by full-text search on the server. */
export function Palette({ open, onOpenChange, ...props }: Props) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-50 bg-black/40 data-[state=open]:animate-in data-[state=open]:fade-in-0" />
        <Radix.Content
          aria-describedby={undefined}
          className="fixed top-[12vh] left-1/2 z-50 w-[calc(100vw-1.5rem)] max-w-xl -translate-x-1/2 overflow-hidden rounded-xl border bg-surface shadow-pop outline-none data-[state=open]:animate-in data-[state=open]:fade-in-0 data-[state=open]:zoom-in-98"
        >
          <Radix.Title className="sr-only">Search</Radix.Title>
          <Search {...props} onDone={() => onOpenChange(false)} />
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

type SearchProps = Omit<Props, "open" | "onOpenChange"> & { onDone: () => void };

function Search({ workflowId, actions, onAll, onTicket, onWorkflow, onDone }: SearchProps) {
  const [query, setQuery] = useState("");
  const input = useDebouncedInput(query, setQuery, DEBOUNCE_MS);
  const text = input.text.trim();
  const workflows = useWorkflows();
  const found = useSearch(workflowId !== undefined && query !== "" ? toRequest(workflowId, { q: query }, LIMIT) : null);
  const recent = useRecentSearches(workflowId);
  const recordSearch = useRecordSearch(workflowId);
  const matchesText = (name: string) => name.toLowerCase().includes(text.toLowerCase());
  const recentQueries = [...new Set((recent.data ?? []).map((entry) => entry.query))]
    .filter(Boolean)
    .slice(0, MAX_RECENT);
  const showsTickets = workflowId !== undefined && text !== "" && query !== "";
  const ticketRows = (showsTickets ? (found.data?.results ?? []) : []).map((ticket) => ({
    ticket,
    value: ticket.ticket_id,
    run: () => {
      recordSearch({ q: query });
      if (workflowId) onTicket(workflowId, ticket.ticket_id);
    },
  }));
  const workflowRows = (workflows.data ?? [])
    .filter(({ name }) => matchesText(name))
    .slice(0, MAX_WORKFLOWS)
    .map(({ id, name }) => ({ name, value: id, run: () => onWorkflow(id) }));
  const actionRows = actions
    .filter(({ name }) => matchesText(name))
    .map(({ name, icon, run }) => ({ name, icon, value: name, run }));
  const allRow = { value: ALL, run: () => workflowId && onAll(workflowId, text) };
  const select = (row: { run: () => void }) => () => {
    onDone();
    row.run();
  };

  const best = ticketRows[0] ?? workflowRows[0] ?? actionRows[0] ?? (showsTickets ? allRow : undefined);
  const searchStatus = showsTickets ? resultStatus(found) : "ready";
  const status =
    text !== query || (ticketRows.length === 0 && workflows.isPending && searchStatus === "ready")
      ? "loading"
      : searchStatus;
  const choice = useDeferredAction<string | null>({
    target: text,
    status,
    run: (value) => {
      const row = value === null ? best : ticketRows.find((each) => each.value === value);
      if (row) select(row)();
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
    if (event.nativeEvent.isComposing) return;
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
          placeholder={workflowId ? "Search tickets, workflows and actions" : "Search workflows and actions"}
          className="h-12 flex-1 bg-transparent text-sm outline-none placeholder:text-muted-foreground"
        />
        {found.isFetching ? <LoaderCircle className="size-4 animate-spin text-muted-foreground" /> : <Kbd>Esc</Kbd>}
      </div>
      <Command.List className="scroll-thin max-h-[50vh] overflow-y-auto p-1.5" onPointerMove={() => setMoved(true)}>
        <Command.Empty className="px-4 py-8 text-center text-muted-foreground">
          {found.isFetching ? "Searching…" : "No results."}
        </Command.Empty>
        {ticketRows.length > 0 && (
          <Command.Group heading="Tickets" className={groupClass}>
            {ticketRows.map((row) => (
              <Command.Item key={row.value} value={row.value} onSelect={select(row)} className={rowClass}>
                <TicketRow ticket={row.ticket} />
              </Command.Item>
            ))}
          </Command.Group>
        )}
        {showsTickets && (
          <Command.Group className={groupClass}>
            <Command.Item value={ALL} onSelect={select(allRow)} className={rowClass}>
              <TextSearch />
              <span className="min-w-0 truncate">See all results for “{text}”</span>
              {found.data && !found.isPlaceholderData && (
                <span className="ml-auto shrink-0 text-2xs text-muted-foreground">{resultCount(found.data)}</span>
              )}
            </Command.Item>
          </Command.Group>
        )}
        {input.text === "" && recentQueries.length > 0 && (
          <Command.Group heading="Recent searches" className={groupClass}>
            {recentQueries.map((each) => (
              <Command.Item key={each} value={`recent ${each}`} onSelect={() => setText(each)} className={rowClass}>
                <Clock /> <span className="truncate">{each}</span>
              </Command.Item>
            ))}
          </Command.Group>
        )}
        {workflowRows.length > 0 && (
          <Command.Group heading="Workflows" className={groupClass}>
            {workflowRows.map((row) => (
              <Command.Item key={row.value} value={row.value} onSelect={select(row)} className={rowClass}>
                <Columns3 /> <span className="truncate">{row.name}</span>
              </Command.Item>
            ))}
          </Command.Group>
        )}
        {actionRows.length > 0 && (
          <Command.Group heading="Actions" className={groupClass}>
            {actionRows.map((row) => (
              <Command.Item key={row.value} value={row.value} onSelect={select(row)} className={rowClass}>
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

function TicketRow({ ticket }: { ticket: SearchResult }) {
  const { key, highlighted_title, is_resolved, matched_in } = ticket;
  return (
    <>
      <span className="tabular w-16 shrink-0 text-muted-foreground text-xs">{key}</span>
      <span className="min-w-0 flex-1 truncate">
        <Highlighted html={highlighted_title} />
      </span>
      {!matched_in.includes("title") && matched_in.length > 0 && (
        <span className="shrink-0 text-2xs text-muted-foreground">{matchedIn(matched_in)}</span>
      )}
      {is_resolved && <Check aria-label="Resolved" />}
    </>
  );
}
