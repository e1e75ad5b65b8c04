import { DndContext, DragOverlay, MeasuringStrategy } from "@dnd-kit/core";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useActors, useMe } from "@/api/hooks";
import type { Card, JobSummary, Workflow } from "@/api/types";
import { todayIn } from "@/entities/ticket/due";
import { WorkflowFailure } from "@/entities/workflow/workflow-failure";
import { useAttentions } from "@/live/attention";
import { useBoard, useLive } from "@/live/context";
import { type BoardState, canEdit, columnTotal } from "@/live/state/board";
import { isLogEvent } from "@/live/state/jobs";
import { announce } from "@/ui/announcer";
import { lazyPart } from "@/ui/lazy-part";
import { whenIdle } from "@/ui/load-part";
import { Notice, Spinner } from "@/ui/states";
import { TypedAhead } from "@/ui/typed-ahead";
import { useShortcuts } from "@/ui/use-shortcuts";
import { useTitle } from "@/ui/use-title";
import { BoardContext, type BoardShared } from "./board-context";
import { CardGhost } from "./card";
import { BoardColumn } from "./column";
import { describeEvents } from "./describe-events";
import { EmptyBoard } from "./empty-board";
import { type Filter, visibleOrder } from "./filter";
import { firstMoment } from "./past/moments";
import { markChanged } from "./recent-changes";
import { Toolbar } from "./toolbar";
import { useCollapsed } from "./use-collapsed";
import { useDrag } from "./use-drag";
import type { MoveCard } from "./use-move-card";
import { usePeople } from "./use-people";

const CardMenu = lazyPart(async () => (await import("./card-menu")).CardMenu);
const NewTicketDialog = lazyPart(async () => (await import("./new-ticket-dialog")).NewTicketDialog, <TypedAhead />);

interface Props {
  workflowId: string;
  openTicketId: string | undefined;
  filter: Filter;
  onFilter: (filter: Filter) => void;
  onOpen: (ticketId: string) => void;
  onOpenJob: (jobId: string) => void;
  onRetryJob: (job: JobSummary) => Promise<void>;
  /** Opens the board of a past moment. */
  onPast: (at: string) => void;
  moveCard: MoveCard;
}

export function BoardPage(props: Props) {
  const { board, error, loading, retry } = useBoard(props.workflowId);
  if (board) return <Board board={board} {...props} />;
  if (loading) return <Spinner label="Loading the board…" className="flex-1" />;
  return <WorkflowFailure what="the board" error={error} onRetry={retry} />;
}

function Board(props: Props & { board: BoardState }) {
  const { board, workflowId, openTicketId, filter, onFilter, onOpen, onOpenJob, onRetryJob, onPast, moveCard } = props;
  const { config, cards } = board;
  const { actors, nameOf } = useActors(workflowId);
  const [newIn, setNewIn] = useState<string | null>(null);
  const [menu, setMenu] = useState<{ card: Card; anchor: HTMLElement } | null>(null);
  const [collapsed, toggleCollapsed] = useCollapsed(workflowId);
  const searchRef = useRef<HTMLInputElement>(null);
  const editable = canEdit(board.workflow);
  useEffect(
    () =>
      whenIdle(() => {
        void NewTicketDialog.preload();
        void CardMenu.preload();
      }),
    [],
  );
  const live = useLive();
  useAnnouncements(workflowId);
  useTitle(openTicketId ? null : board.workflow.name);

  const today = todayIn(board.workflow.time_zone);
  const attentions = useAttentions(board);
  const shown = useMemo(() => visibleOrder(board, filter, today, attentions), [board, filter, today, attentions]);
  const lanes = useMemo(
    () => config.columns.map(({ id }) => ({ id, ids: shown.get(id) ?? [] })),
    [config.columns, shown],
  );
  const drag = useDrag({
    lanes,
    cards,
    nameOfColumn: (id) => config.columns.find((column) => column.id === id)?.name ?? id,
    onDrop: (card, to, above, below) => void moveCard(card, to, above, below),
  });
  const people = usePeople(actors, cards, nameOf);

  const shared: BoardShared = useMemo(
    () => ({
      columns: config.columns,
      types: new Map(config.ticket_types.map((type) => [type.id, type])),
      milestones: board.milestones,
      today,
      nameOf,
      editable,
      open: onOpen,
      openJob: onOpenJob,
      retryJob: onRetryJob,
      showMenu: (card, anchor) => setMenu({ card, anchor }),
      showOlder: (columnId) => live.showOlder(workflowId, columnId),
    }),
    [
      config.columns,
      config.ticket_types,
      board.milestones,
      today,
      nameOf,
      editable,
      onOpen,
      onOpenJob,
      onRetryJob,
      live,
      workflowId,
    ],
  );
  const newTicket = useCallback(() => setNewIn(config.initial_status), [config.initial_status]);

  const showPast = () => onPast(firstMoment(board.workflow.created_at, Date.now()));

  useShortcuts({
    "/": {
      label: "Filter tickets",
      group: "Board",
      run: (event) => {
        event.preventDefault();
        searchRef.current?.focus();
      },
    },
    n: {
      label: "New ticket",
      group: "Board",
      when: editable,
      run: (event) => {
        event.preventDefault();
        newTicket();
      },
    },
    h: {
      label: "Board at a past moment",
      group: "Board",
      run: (event) => {
        event.preventDefault();
        showPast();
      },
    },
    Space: { label: "Pick up or drop the card whose handle is focused", group: "Board" },
  });

  const visible = lanes.reduce((sum, { ids }) => sum + ids.length, 0);
  return (
    <BoardContext.Provider value={shared}>
      <div className="flex min-w-0 flex-1 flex-col">
        <h1 className="sr-only">{board.workflow.name}</h1>
        <Toolbar
          workflowId={workflowId}
          filter={filter}
          onFilter={onFilter}
          types={config.ticket_types}
          milestones={board.milestones}
          people={people}
          shown={visible}
          total={config.columns.reduce((sum, { id }) => sum + columnTotal(board, id), 0)}
          openJobs={board.jobs.size}
          needAttention={attentions.size}
          editable={editable}
          onNew={newTicket}
          onPast={showPast}
          searchRef={searchRef}
        />
        <ReadOnlyNotice workflow={board.workflow} />
        <DndContext {...drag.dnd} measuring={{ droppable: { strategy: MeasuringStrategy.WhileDragging } }}>
          <section
            aria-label="Columns"
            className="scroll-thin flex min-h-0 flex-1 snap-x snap-proximity gap-2.5 overflow-x-auto overflow-y-hidden px-3 pb-3 sm:snap-none"
          >
            {config.columns.map((column) => (
              <BoardColumn
                key={column.id}
                column={column}
                ids={shown.get(column.id) ?? []}
                cards={cards}
                work={board.jobByTicket}
                attentions={attentions}
                total={columnTotal(board, column.id)}
                leftOut={board.leftOut.get(column.id)}
                collapsed={collapsed.has(column.id)}
                gap={drag.active && drag.target?.columnId === column.id ? drag.target.index : null}
                openTicketId={openTicketId}
                onCollapse={toggleCollapsed}
                onNew={setNewIn}
                register={drag.register}
              />
            ))}
          </section>
          <DragOverlay dropAnimation={null}>
            {drag.active && <CardGhost card={drag.active} shared={shared} />}
          </DragOverlay>
        </DndContext>
        {cards.size === 0 && <EmptyBoard workflow={board.workflow} onNew={newTicket} />}
      </div>
      {menu && (
        <CardMenu
          card={cards.get(menu.card.ticket_id) ?? menu.card}
          anchor={menu.anchor}
          onMove={(card, to) => void moveCard(card, to)}
          onClose={() => setMenu(null)}
        />
      )}
      {newIn !== null && (
        <NewTicketDialog
          workflowId={workflowId}
          config={config}
          people={actors}
          column={newIn}
          onClose={() => setNewIn(null)}
          onCreated={onOpen}
        />
      )}
    </BoardContext.Provider>
  );
}

function ReadOnlyNotice({ workflow }: { workflow: Workflow }) {
  if (canEdit(workflow)) return null;
  let reason = "You have read-only access to this board.";
  if (!workflow.ticket_tracking) reason = "Ticket tracking is off. Tickets are read-only.";
  if (workflow.archived_at) reason = "This workflow is archived and read-only.";
  return (
    <div className="px-3 pb-2">
      <Notice tone={workflow.archived_at || !workflow.ticket_tracking ? "warning" : "info"}>{reason}</Notice>
    </div>
  );
}

/** Highlights and announces changes by other actors. */
function useAnnouncements(workflowId: string): void {
  const live = useLive();
  const me = useMe()?.id;
  useEffect(
    () =>
      live.onEvents((id, events, board) => {
        if (id !== workflowId || !board) return;
        for (const event of events) {
          if (event.ticket_id && event.agent_id !== me && !isLogEvent(event)) markChanged(event.ticket_id);
        }
        const summary = describeEvents(events, board, me);
        if (summary) announce(summary);
      }),
    [live, workflowId, me],
  );
}
