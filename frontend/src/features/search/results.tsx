import { Ban, Check } from "lucide-react";
import { type MouseEvent, type PointerEvent, useRef } from "react";
import type { NameOf } from "@/api/hooks";
import type { SearchResult } from "@/api/types";
import { Avatar } from "@/entities/actor/avatar";
import { PriorityIcon } from "@/entities/ticket/priority-icon";
import { formatPercent } from "@/entities/ticket/similarity-badge";
import { TypeIcon } from "@/entities/ticket/type-icon";
import type { BoardShape } from "@/live/context";
import { cn } from "@/ui/cn";
import { cssColor } from "@/ui/color";
import { TimeAgo } from "@/ui/time";
import { Highlighted } from "./highlighted";
import { matchedIn } from "./labels";

interface Props {
  id: string;
  results: readonly SearchResult[];
  activeId: string | undefined;
  shape: BoardShape;
  nameOf: NameOf;
  onActive: (ticketId: string) => void;
  onOpen: (ticketId: string, elsewhere: boolean) => void;
}

export const optionId = (listId: string, ticketId: string) => `${listId}-${ticketId}`;

/** Search results, best first. The search input moves the active row by keyboard; hovering a row activates it. */
export function ResultList({ id, results, activeId, onActive, ...row }: Props) {
  // Ignores pointer events caused by rows that scroll under a resting pointer.
  const pointer = useRef("");
  const onPoint = (ticketId: string, { clientX, clientY }: PointerEvent) => {
    const at = `${clientX},${clientY}`;
    if (at !== pointer.current && ticketId !== activeId) onActive(ticketId);
    pointer.current = at;
  };
  return (
    <div id={id} role="listbox" aria-label="Search results" className="grid grid-cols-1">
      {results.map((result) => (
        <Row
          key={result.ticket_id}
          id={optionId(id, result.ticket_id)}
          result={result}
          active={result.ticket_id === activeId}
          onPoint={onPoint}
          {...row}
        />
      ))}
    </div>
  );
}

type RowProps = Omit<Props, "results" | "activeId" | "onActive"> & {
  result: SearchResult;
  active: boolean;
  onPoint: (ticketId: string, event: PointerEvent) => void;
};

function Row({ id, result, active, shape, nameOf, onPoint, onOpen }: RowProps) {
  const { ticket_id, key, priority, ticket_type, tags } = result;
  // A loaded board is more recent than the search response.
  const now = shape.board?.cards.get(ticket_id) ?? result;
  const column = shape.config.columns.find((each) => each.id === now.status);
  const assignee = now.assigned_agent_id ? nameOf(now.assigned_agent_id) : null;
  const open = (event: MouseEvent) => {
    if (event.button > 1) return;
    event.preventDefault();
    onOpen(ticket_id, event.button === 1 || event.metaKey || event.ctrlKey);
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the combobox holds the focus and handles the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the active option is referenced by aria-activedescendant and never focused
    <div
      id={id}
      role="option"
      aria-selected={active}
      data-result={ticket_id}
      onPointerMove={(event) => onPoint(ticket_id, event)}
      onClick={open}
      onAuxClick={open}
      className={cn(
        "relative grid scroll-mt-10 cursor-pointer grid-cols-[1rem_minmax(0,1fr)_auto] gap-x-2.5 gap-y-0.5 border-b px-4 py-2.5",
        active && "bg-accent/70 before:absolute before:inset-y-0 before:left-0 before:w-0.5 before:bg-primary",
      )}
    >
      <TypeIcon
        type={shape.config.ticket_types.find((type) => type.id === ticket_type)}
        id={ticket_type}
        className="h-5 self-start"
      />
      <p className={cn("min-w-0 [overflow-wrap:anywhere]", now.is_resolved && "text-muted-foreground")}>
        <span className="tabular mr-1.5 text-muted-foreground text-xs">{key}</span>
        <span className="font-medium text-sm">
          <Highlighted html={result.highlighted_title} />
        </span>
      </p>
      <span className="flex h-5 max-w-32 items-center gap-1.5 text-muted-foreground text-xs">
        {now.is_resolved ? (
          <Check className="size-3.5 shrink-0 text-success" aria-label="Resolved" />
        ) : (
          <span
            aria-hidden="true"
            className="size-2 shrink-0 rounded-full"
            style={{ backgroundColor: cssColor(column?.color) }}
          />
        )}
        <span dir="auto" className="truncate">
          {column?.name ?? now.status}
        </span>
      </span>
      {result.preview && (
        <p dir="auto" className="col-start-2 col-end-4 line-clamp-2 text-muted-foreground [overflow-wrap:anywhere]">
          <Highlighted html={result.preview} snippet />
        </p>
      )}
      <div className="col-start-2 col-end-4 mt-0.5 flex min-w-0 items-center gap-x-2.5 text-2xs text-muted-foreground">
        <PriorityIcon priority={priority} className="size-3" />
        {now.is_blocked && (
          <span className="flex shrink-0 items-center gap-1 text-danger">
            <Ban className="size-3" aria-hidden="true" /> Blocked
          </span>
        )}
        {assignee && (
          <span className="flex min-w-0 shrink items-center gap-1">
            <Avatar {...assignee} />
            <span dir="auto" className="truncate">
              {assignee.name}
            </span>
          </span>
        )}
        {tags.length > 0 && (
          <span dir="auto" className="hidden min-w-0 shrink truncate sm:block">
            {tags.join(" · ")}
          </span>
        )}
        <span className="shrink-0">
          updated <TimeAgo at={result.updated_at} />
        </span>
        <span className="ml-auto flex shrink-0 items-center gap-2">
          <span className="hidden sm:inline">{matchedIn(result.matched_in)}</span>
          <Relevance score={result.relevance_score} similarity={result.similarity} />
        </span>
      </div>
    </div>
  );
}

function Relevance({ score, similarity }: { score: number; similarity: number | null }) {
  const semantic = similarity === null ? "" : `, semantic similarity ${formatPercent(similarity)}`;
  return (
    <span className="flex items-center gap-1.5" title={`Relevance ${formatPercent(score)}${semantic}`}>
      <span aria-hidden="true" className="h-1 w-8 overflow-hidden rounded-full bg-border">
        <span className="block h-full rounded-full bg-primary" style={{ width: formatPercent(score) }} />
      </span>
      <span className="tabular w-7 text-right">
        <span className="sr-only">Relevance </span>
        {formatPercent(score)}
      </span>
    </span>
  );
}
