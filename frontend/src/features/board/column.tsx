import { useDroppable } from "@dnd-kit/core";
import { useMutation } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { AlertTriangle, ChevronsLeftRight, ChevronsRightLeft, Plus } from "lucide-react";
import { memo, useCallback, useEffect, useRef } from "react";
import type { Card, Column, JobSummary } from "@/api/types";
import type { Attentions } from "@/live/state/attention";
import type { LeftOut } from "@/live/state/left-out";
import { cn } from "@/ui/cn";
import { cssColor } from "@/ui/color";
import { formatCount, plural } from "@/ui/plural";
import { Tooltip } from "@/ui/tooltip";
import { useBoardShared } from "./board-context";
import { BoardCard } from "./card";

/** Row geometry of a column for the drag logic. */
export interface ColumnHandle {
  gapAt(clientY: number): number;
  /** Scrolls a gap into view and returns its screen position. */
  reveal(index: number): { x: number; y: number };
}

interface Props {
  column: Column;
  ids: readonly string[];
  cards: ReadonlyMap<string, Card>;
  /** The job shown on each card. */
  work: ReadonlyMap<string, JobSummary>;
  /** Why cards need attention. */
  attentions: Attentions;
  /** Number of tickets in the column before filtering. */
  total: number;
  /** The older tickets of a done column that are not loaded. */
  leftOut: LeftOut | undefined;
  collapsed: boolean;
  /** Index at which a dragged card would be dropped. */
  gap: number | null;
  openTicketId: string | undefined;
  onCollapse: (columnId: string) => void;
  onNew: (columnId: string) => void;
  register: (columnId: string, handle: ColumnHandle | null) => void;
}

const CARD_HEIGHT = 94;
const GAP = 6;

export const BoardColumn = memo(function BoardColumn(props: Props) {
  return props.collapsed ? <CollapsedColumn {...props} /> : <OpenColumn {...props} />;
}, showsTheSame);

const MAPS = ["cards", "work", "attentions"] as const;

/**
 * Every event makes another map of cards, but most change no card of a column. Comparing the cards of a column costs far less
 * than rendering it.
 */
function showsTheSame(before: Props, after: Props): boolean {
  for (const name of Object.keys(after) as (keyof Props)[]) {
    if (!(MAPS as readonly string[]).includes(name) && before[name] !== after[name]) return false;
  }
  const changed = MAPS.filter((name) => before[name] !== after[name]);
  return changed.every((name) => after.ids.every((id) => before[name].get(id) === after[name].get(id)));
}

function OpenColumn(props: Props) {
  const { column, ids, cards, work, attentions, total, leftOut, gap, openTicketId, onCollapse, onNew, register } =
    props;
  const scroller = useRef<HTMLDivElement | null>(null);
  const { editable } = useBoardShared();
  const { setNodeRef } = useDroppable({ id: column.id });
  const virtual = useVirtualizer({
    count: ids.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => CARD_HEIGHT,
    getItemKey: (index) => ids[index] as string,
    overscan: 6,
    gap: GAP,
    paddingStart: 4,
    paddingEnd: 56,
    useFlushSync: false,
  });

  const topOf = useCallback(
    (index: number) => {
      const rows = virtual.measurementsCache;
      const row = rows[Math.min(index, rows.length - 1)];
      if (!row) return 4;
      return index < rows.length ? row.start : row.end + GAP;
    },
    [virtual],
  );

  useEffect(() => {
    register(column.id, {
      gapAt: (clientY) => {
        const box = scroller.current?.getBoundingClientRect();
        if (!box) return 0;
        const y = clientY - box.top + (scroller.current?.scrollTop ?? 0);
        const rows = virtual.measurementsCache;
        let low = 0;
        let high = rows.length;
        while (low < high) {
          const middle = (low + high) >>> 1;
          const row = rows[middle];
          if (row && row.start + row.size / 2 < y) low = middle + 1;
          else high = middle;
        }
        return low;
      },
      reveal: (index) => {
        const element = scroller.current;
        element?.scrollIntoView({ inline: "nearest", block: "nearest" });
        if (index < virtual.options.count) virtual.scrollToIndex(index, { align: "auto" });
        else if (element) element.scrollTop = element.scrollHeight;
        const box = element?.getBoundingClientRect();
        return { x: (box?.left ?? 0) + 6, y: (box?.top ?? 0) + topOf(index) - (element?.scrollTop ?? 0) };
      },
    });
    return () => register(column.id, null);
  }, [column.id, register, virtual, topOf]);

  const over = column.wip_limit !== null && total > column.wip_limit;
  return (
    <section
      aria-labelledby={`column-${column.id}`}
      data-column={column.id}
      className="flex h-full w-[min(85vw,17.5rem)] shrink-0 snap-center flex-col rounded-xl bg-sunken"
    >
      <header className="flex h-10 shrink-0 items-center gap-2 px-3">
        <span
          aria-hidden="true"
          className="size-2.5 shrink-0 rounded-full"
          style={{ backgroundColor: cssColor(column.color) }}
        />
        <h2 id={`column-${column.id}`} className="truncate font-semibold">
          {column.name}
        </h2>
        <ColumnCount column={column} shown={ids.length} total={total} capped={leftOut?.capped} over={over} />
        <div className="-mr-1.5 ml-auto flex">
          {editable && (
            <ColumnButton label={`New ticket in ${column.name}`} onClick={() => onNew(column.id)}>
              <Plus className="size-4" />
            </ColumnButton>
          )}
          <ColumnButton label={`Collapse ${column.name}`} onClick={() => onCollapse(column.id)}>
            <ChevronsRightLeft className="size-3.5" />
          </ColumnButton>
        </div>
      </header>
      {leftOut && <OlderTickets column={column} leftOut={leftOut} />}
      <div
        ref={(node) => {
          scroller.current = node;
          setNodeRef(node);
        }}
        data-scroller={column.id}
        className={cn(
          "scroll-thin relative min-h-0 flex-1 overflow-y-auto overflow-x-hidden rounded-b-xl px-1.5",
          gap !== null && "bg-accent/60",
        )}
      >
        <ul aria-labelledby={`column-${column.id}`} className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((row) => {
            const card = cards.get(ids[row.index] as string);
            return (
              card && (
                <li
                  key={row.key}
                  ref={virtual.measureElement}
                  data-index={row.index}
                  aria-setsize={ids.length}
                  aria-posinset={row.index + 1}
                  className="absolute inset-x-0 top-0"
                  style={{ transform: `translateY(${row.start}px)` }}
                >
                  <BoardCard
                    card={card}
                    job={work.get(card.ticket_id)}
                    attention={attentions.get(card.ticket_id)}
                    current={card.ticket_id === openTicketId}
                  />
                </li>
              )
            );
          })}
        </ul>
        {gap !== null && (
          <div
            aria-hidden="true"
            className="pointer-events-none absolute inset-x-2 h-0.5 rounded-full bg-primary"
            style={{ top: topOf(gap) - GAP / 2 - 1 }}
          />
        )}
        {ids.length === 0 && gap === null && (
          <p className="absolute inset-x-0 top-4 text-center text-muted-foreground text-xs">
            {total > 0 ? "No matches" : "No tickets"}
          </p>
        )}
      </div>
    </section>
  );
}

function CollapsedColumn({ column, total, gap, onCollapse, register }: Props) {
  const { setNodeRef } = useDroppable({ id: column.id });
  useEffect(() => {
    register(column.id, null);
  }, [column.id, register]);
  return (
    <section
      ref={setNodeRef}
      aria-label={`${column.name}, collapsed`}
      data-column={column.id}
      className={cn("h-full w-10 shrink-0 rounded-xl bg-sunken", gap !== null && "bg-accent ring-2 ring-primary")}
    >
      <button
        type="button"
        aria-expanded={false}
        aria-label={`Expand ${column.name}, ${total} tickets`}
        onClick={() => onCollapse(column.id)}
        className="flex h-full w-full flex-col items-center gap-2.5 rounded-xl py-3 hover:bg-muted"
      >
        <ChevronsLeftRight className="size-3.5 text-muted-foreground" />
        <span className="size-2.5 rounded-full" style={{ backgroundColor: cssColor(column.color) }} />
        <span className="font-semibold [writing-mode:vertical-rl]">{column.name}</span>
        <span className="tabular text-2xs text-muted-foreground">{total}</span>
      </button>
    </section>
  );
}

/** Above the scroller, so that rows keep their positions in it. */
function OlderTickets({ column, leftOut }: { column: Column; leftOut: LeftOut }) {
  const { showOlder } = useBoardShared();
  const load = useMutation({ mutationFn: () => showOlder(column.id) });
  if (leftOut.cursor === null) {
    return (
      <p className="mx-3 mb-1.5 py-1 text-center text-muted-foreground text-xs">
        {plural(leftOut.count, "older ticket")} not shown
      </p>
    );
  }
  return (
    <button
      type="button"
      disabled={load.isPending}
      onClick={() => load.mutate()}
      className="mx-3 mb-1.5 rounded-md py-1 text-muted-foreground text-xs hover:bg-muted hover:text-foreground"
    >
      {load.isPending ? "Loading…" : load.isError ? "Could not load. Try again" : "Show older tickets"}
    </button>
  );
}

interface CountProps {
  column: Column;
  shown: number;
  total: number;
  capped: boolean | undefined;
  over: boolean;
}

function ColumnCount({ column, shown, total, capped, over }: CountProps) {
  const all = `${formatCount(total)}${capped ? "+" : ""}`;
  const count = shown === total ? all : `${formatCount(shown)} of ${all}`;
  const limit = column.wip_limit === null ? "" : ` / ${column.wip_limit}`;
  return (
    <span
      data-testid={`count-${column.id}`}
      title={over ? `Over the WIP limit of ${column.wip_limit}` : undefined}
      className={cn(
        "tabular flex shrink-0 items-center gap-1 rounded-md px-1.5 text-2xs",
        over ? "bg-warning-soft font-semibold text-warning" : "text-muted-foreground",
      )}
    >
      {over && <AlertTriangle className="size-3" aria-hidden="true" />}
      {count}
      {limit}
      <span className="sr-only">{over ? " tickets, over the WIP limit" : " tickets"}</span>
    </span>
  );
}

function ColumnButton({ label, onClick, children }: { label: string; onClick: () => void; children: React.ReactNode }) {
  return (
    <Tooltip label={label}>
      <button
        type="button"
        aria-label={label}
        onClick={onClick}
        className="grid size-7 place-items-center rounded-md text-muted-foreground hover:bg-muted hover:text-foreground"
      >
        {children}
      </button>
    </Tooltip>
  );
}
