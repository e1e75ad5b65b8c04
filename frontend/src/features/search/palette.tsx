import { Command } from "cmdk";
import { Check, Clock, Columns3, LoaderCircle, TextSearch } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { type ReactNode, useEffect, useState } from "react";
import { useWorkflows } from "@/api/hooks";
import { Kbd } from "@/ui/states";
import { useDebouncedValue } from "@/ui/use-debounced-value";
import { Highlighted } from "./highlighted";
import { matchedIn, resultCount } from "./labels";
import { useRecentSearches, useRecordSearch } from "./recent-searches";
import { toRequest } from "./search-state";
import { DEBOUNCE_MS, useSearch } from "./use-search";

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
  const [text, setText] = useState("");
  const query = useDebouncedValue(text.trim(), DEBOUNCE_MS);
  const workflows = useWorkflows();
  const found = useSearch(workflowId !== undefined && query !== "" ? toRequest(workflowId, { q: query }, LIMIT) : null);
  const recent = useRecentSearches(workflowId);
  const recordSearch = useRecordSearch(workflowId);
  const matchesText = (name: string) => name.toLowerCase().includes(text.trim().toLowerCase());
  const run = (work: () => void) => () => {
    onDone();
    work();
  };
  const matchingWorkflows = (workflows.data ?? []).filter(({ name }) => matchesText(name)).slice(0, MAX_WORKFLOWS);
  const recentQueries = [...new Set((recent.data ?? []).map((entry) => entry.query))]
    .filter(Boolean)
    .slice(0, MAX_RECENT);
  const matchingActions = actions.filter(({ name }) => matchesText(name));
  const results = query === "" ? [] : (found.data?.results ?? []);
  // Selects the best ticket of each response, also when it arrives after the other groups.
  const [selected, setSelected] = useState("");
  const best = found.isPlaceholderData ? undefined : results[0]?.ticket_id;
  useEffect(() => {
    if (best) setSelected(best);
  }, [best]);
  return (
    <Command shouldFilter={false} loop label="Search" value={selected} onValueChange={setSelected}>
      <div className="flex items-center border-b px-4">
        <Command.Input
          value={text}
          onValueChange={setText}
          autoFocus
          placeholder={workflowId ? "Search tickets, workflows and actions" : "Search workflows and actions"}
          className="h-12 flex-1 bg-transparent text-sm outline-none placeholder:text-muted-foreground"
        />
        {found.isFetching ? <LoaderCircle className="size-4 animate-spin text-muted-foreground" /> : <Kbd>Esc</Kbd>}
      </div>
      <Command.List className="scroll-thin max-h-[50vh] overflow-y-auto p-1.5">
        <Command.Empty className="px-4 py-8 text-center text-muted-foreground">
          {found.isFetching ? "Searching…" : "No results."}
        </Command.Empty>
        {workflowId && results.length > 0 && (
          <Command.Group heading="Tickets" className={groupClass}>
            {results.map(({ ticket_id, key, highlighted_title, is_resolved, matched_in }) => (
              <Command.Item
                key={ticket_id}
                value={ticket_id}
                onSelect={run(() => {
                  recordSearch({ q: query });
                  onTicket(workflowId, ticket_id);
                })}
                className={rowClass}
              >
                <span className="tabular w-16 shrink-0 text-muted-foreground text-xs">{key}</span>
                <span className="min-w-0 flex-1 truncate">
                  <Highlighted html={highlighted_title} />
                </span>
                {!matched_in.includes("title") && matched_in.length > 0 && (
                  <span className="shrink-0 text-2xs text-muted-foreground">{matchedIn(matched_in)}</span>
                )}
                {is_resolved && <Check aria-label="Resolved" />}
              </Command.Item>
            ))}
          </Command.Group>
        )}
        {workflowId && query !== "" && (
          <Command.Group className={groupClass}>
            <Command.Item value={ALL} onSelect={run(() => onAll(workflowId, text.trim()))} className={rowClass}>
              <TextSearch />
              <span className="min-w-0 truncate">See all results for “{text.trim()}”</span>
              {found.data && !found.isPlaceholderData && (
                <span className="ml-auto shrink-0 text-2xs text-muted-foreground">{resultCount(found.data)}</span>
              )}
            </Command.Item>
          </Command.Group>
        )}
        {text === "" && recentQueries.length > 0 && (
          <Command.Group heading="Recent searches" className={groupClass}>
            {recentQueries.map((recent) => (
              <Command.Item
                key={recent}
                value={`recent ${recent}`}
                onSelect={() => setText(recent)}
                className={rowClass}
              >
                <Clock /> <span className="truncate">{recent}</span>
              </Command.Item>
            ))}
          </Command.Group>
        )}
        {matchingWorkflows.length > 0 && (
          <Command.Group heading="Workflows" className={groupClass}>
            {matchingWorkflows.map(({ id, name }) => (
              <Command.Item key={id} value={id} onSelect={run(() => onWorkflow(id))} className={rowClass}>
                <Columns3 /> <span className="truncate">{name}</span>
              </Command.Item>
            ))}
          </Command.Group>
        )}
        {matchingActions.length > 0 && (
          <Command.Group heading="Actions" className={groupClass}>
            {matchingActions.map(({ name, icon, run: work }) => (
              <Command.Item key={name} value={name} onSelect={run(work)} className={rowClass}>
                {icon} {name}
              </Command.Item>
            ))}
          </Command.Group>
        )}
      </Command.List>
    </Command>
  );
}
