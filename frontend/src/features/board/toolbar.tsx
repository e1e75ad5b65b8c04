import { Link } from "@tanstack/react-router";
import {
  Bot,
  ChartColumn,
  History,
  Link2,
  MoreHorizontal,
  Plus,
  Search,
  Settings2,
  TextSearch,
  TriangleAlert,
  Users,
  X,
} from "lucide-react";
import type { RefObject } from "react";
import type { Actor } from "@/api/hooks";
import type { Milestone, TicketType } from "@/api/types";
import { PRIORITIES, PRIORITY_NAMES } from "@/entities/ticket/priority-icon";
import { Button } from "@/ui/button";
import { copyText } from "@/ui/clipboard";
import { cn } from "@/ui/cn";
import { isEscape } from "@/ui/enter-key";
import { Input, NativeSelect } from "@/ui/field";
import { Menu, MenuItem } from "@/ui/menu";
import { formatCount, plural } from "@/ui/plural";
import { Kbd } from "@/ui/states";
import { Tooltip } from "@/ui/tooltip";
import { useDebouncedInput } from "@/ui/use-debounced-input";
import { ATTENTION, type Filter, isFiltering, NO_MILESTONE, UNASSIGNED } from "./filter";

interface Props {
  workflowId: string;
  filter: Filter;
  onFilter: (filter: Filter) => void;
  types: readonly TicketType[];
  milestones: ReadonlyMap<string, Milestone>;
  people: readonly Actor[];
  shown: number;
  total: number;
  openJobs: number;
  /** The number of tickets that need attention; undefined where it is not known. */
  needAttention?: number;
  editable: boolean;
  onNew?: () => void;
  /** Opens the board of a past moment. */
  onPast?: () => void;
  searchRef?: RefObject<HTMLInputElement | null>;
}

const DEBOUNCE_MS = 120;

export function Toolbar(props: Props) {
  const { workflowId, filter, onFilter, types, milestones, people, shown, total, openJobs } = props;
  const { editable, needAttention, onNew, onPast, searchRef } = props;
  const filtering = isFiltering(filter);
  const set = (field: keyof Filter) => (value: string) => onFilter({ ...filter, [field]: value || undefined });
  return (
    <section aria-label="Board toolbar" className="flex shrink-0 flex-wrap items-center gap-2 px-3 py-2">
      <SearchBox value={filter.q ?? ""} onChange={set("q")} inputRef={searchRef} />
      <div className="scroll-thin order-3 flex w-full items-center gap-2 overflow-x-auto p-0.5 sm:order-2 sm:w-auto">
        <Choice label="Type" value={filter.type} onChange={set("type")}>
          {types.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </Choice>
        <Choice label="Priority" value={filter.priority} onChange={set("priority")}>
          {PRIORITIES.map((priority) => (
            <option key={priority} value={priority}>
              {PRIORITY_NAMES[priority]}
            </option>
          ))}
        </Choice>
        <Choice label="Assignee" value={filter.assignee} onChange={set("assignee")}>
          <option value={UNASSIGNED}>Unassigned</option>
          {people.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </Choice>
        {milestones.size > 0 && (
          <Choice label="Milestone" value={filter.milestone} onChange={set("milestone")}>
            <option value={NO_MILESTONE}>Without a milestone</option>
            {[...milestones.values()]
              .filter((one) => !one.is_closed || one.milestone_id === filter.milestone)
              .map(({ milestone_id, name }) => (
                <option key={milestone_id} value={milestone_id}>
                  {name}
                </option>
              ))}
          </Choice>
        )}
        <Choice label="Due" value={filter.due} onChange={set("due")}>
          <option value="overdue">Overdue</option>
          <option value="soon">Due soon or overdue</option>
        </Choice>
        {needAttention !== undefined && (
          <AttentionFilter
            count={needAttention}
            pressed={filter.needs === ATTENTION}
            onPress={() => set("needs")(filter.needs === ATTENTION ? "" : ATTENTION)}
          />
        )}
        {filtering && (
          <Button variant="ghost" size="sm" onClick={() => onFilter({})}>
            <X /> Clear filters
          </Button>
        )}
        <span className="tabular shrink-0 text-muted-foreground text-xs" data-testid="ticket-total" aria-live="polite">
          {filtering ? `${formatCount(shown)} of ${plural(total, "ticket")}` : plural(total, "ticket")}
        </span>
      </div>
      <div className="order-2 ml-auto flex items-center gap-1.5 sm:order-3">
        <Button variant="ghost" className="gap-1 px-2" asChild>
          <Link
            to="/w/$workflowId/jobs"
            params={{ workflowId }}
            search={{}}
            aria-label={openJobs > 0 ? `Jobs, ${openJobs} open` : "Jobs"}
          >
            <Bot />
            <span className="hidden lg:inline">Jobs</span>
            {openJobs > 0 && <span className="tabular text-2xs">{openJobs}</span>}
          </Link>
        </Button>
        <Tooltip label="Search tickets">
          <Button variant="ghost" size="icon" asChild>
            <Link to="/w/$workflowId/search" params={{ workflowId }} search={{}} aria-label="Search tickets">
              <TextSearch />
            </Link>
          </Button>
        </Tooltip>
        <Tooltip label="Board settings">
          <Button variant="ghost" size="icon" asChild>
            <Link to="/w/$workflowId/settings" params={{ workflowId }} aria-label="Board settings">
              <Settings2 />
            </Link>
          </Button>
        </Tooltip>
        {onPast && (
          <Menu
            trigger={
              <Button variant="ghost" size="icon" aria-label="Board menu">
                <MoreHorizontal />
              </Button>
            }
          >
            <MenuItem onSelect={onPast}>
              <History /> Board at…
              <span className="ml-auto pl-4" aria-hidden="true">
                <Kbd>H</Kbd>
              </span>
            </MenuItem>
            <MenuItem asChild>
              <Link to="/w/$workflowId/statistics" params={{ workflowId }} search={{}}>
                <ChartColumn /> Statistics
              </Link>
            </MenuItem>
            <MenuItem asChild>
              <Link to="/w/$workflowId/agents" params={{ workflowId }}>
                <Users /> Agents
              </Link>
            </MenuItem>
            <MenuItem onSelect={() => void copyText(window.location.href, "Link to this board copied")}>
              <Link2 /> Copy link to this view
            </MenuItem>
          </Menu>
        )}
        {editable && (
          <Button variant="primary" onClick={onNew}>
            <Plus />{" "}
            <span>
              New<span className="hidden sm:inline"> ticket</span>
            </span>
          </Button>
        )}
      </div>
    </section>
  );
}

interface AttentionProps {
  count: number;
  pressed: boolean;
  onPress: () => void;
}

function AttentionFilter({ count, pressed, onPress }: AttentionProps) {
  return (
    <Button
      variant="outline"
      aria-pressed={pressed}
      aria-label={`Needs attention, ${plural(count, "ticket")}`}
      onClick={onPress}
      className={cn(
        "gap-1.5 font-normal",
        count > 0 ? "text-danger" : "text-muted-foreground",
        pressed && "border-danger bg-danger-soft font-medium text-danger hover:bg-danger-soft",
      )}
    >
      <TriangleAlert className="size-3.5!" aria-hidden="true" />
      Needs attention
      <span data-testid="attention-count" className="tabular min-w-3 text-center font-medium">
        {formatCount(count)}
      </span>
    </Button>
  );
}

interface SearchProps {
  value: string;
  onChange: (value: string) => void;
  inputRef: RefObject<HTMLInputElement | null> | undefined;
}

/** Debounced, so that filtering thousands of cards does not delay typing. */
function SearchBox({ value, onChange, inputRef }: SearchProps) {
  const { text, setText } = useDebouncedInput(value, onChange, DEBOUNCE_MS);
  return (
    <div className="relative order-1 min-w-0 flex-1 sm:w-60 sm:flex-none">
      <Search className="pointer-events-none absolute top-2 left-2 size-4 text-muted-foreground" aria-hidden="true" />
      <Input
        ref={inputRef}
        type="search"
        aria-label="Filter tickets"
        placeholder="Filter tickets"
        className="pr-8 pl-8 [&::-webkit-search-cancel-button]:hidden"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (!isEscape(event)) return;
          event.preventDefault();
          setText("");
          event.currentTarget.blur();
        }}
      />
      <span className="pointer-events-none absolute top-1.5 right-2 hidden sm:block" aria-hidden="true">
        <Kbd>/</Kbd>
      </span>
    </div>
  );
}

interface ChoiceProps {
  label: string;
  value: string | undefined;
  onChange: (value: string) => void;
  children: React.ReactNode;
}

function Choice({ label, value, onChange, children }: ChoiceProps) {
  return (
    <NativeSelect
      aria-label={label}
      value={value ?? ""}
      onChange={(event) => onChange(event.target.value)}
      className={cn("w-auto max-w-36 shrink-0", value && "is-set")}
    >
      <option value="">{label}</option>
      {children}
    </NativeSelect>
  );
}
