import { useMemo, useState } from "react";
import { isNotFound } from "@/api";
import { useActors } from "@/api/hooks";
import { todayIn } from "@/entities/ticket/due";
import { WorkflowFailure } from "@/entities/workflow/workflow-failure";
import { useBoardShape } from "@/live/context";
import { type BoardState, columnTotal } from "@/live/state/board";
import { Button } from "@/ui/button";
import { Empty, Spinner } from "@/ui/states";
import { useShortcuts } from "@/ui/use-shortcuts";
import { useTitle } from "@/ui/use-title";
import { describeEvent } from "../describe-events";
import { type Filter, visibleOrder } from "../filter";
import { Toolbar } from "../toolbar";
import { useCollapsed } from "../use-collapsed";
import { usePeople } from "../use-people";
import type { Comparison } from "./comparison";
import { addDays, clampMoment, formatClock, formatMoment, fromDate, isBefore, parseMoment } from "./moments";
import { PastColumns } from "./past-columns";
import { PastPanel } from "./past-panel";
import { TimeBar } from "./time-bar";
import { type Around, explainPast, momentAfter, momentBefore, useEventsAround, usePastBoard } from "./use-past-board";
import { usePlay } from "./use-play";
import { useSelection } from "./use-selection";

interface Props {
  workflowId: string;
  /** As the URL has it, so it may be no time at all. */
  at: string;
  comparison: Comparison;
  filter: Filter;
  onFilter: (filter: Filter) => void;
  onMoment: (at: string) => void;
  onComparison: (comparison: Comparison) => void;
  onNow: () => void;
  /** Opens a ticket on the live board. */
  onOpen: (ticketId: string) => void;
}

/** The board of a past moment. The live board goes on in the cache meanwhile. */
export function PastBoardPage(props: Props) {
  const at = parseMoment(props.at);
  if (at !== null) return <PastBoard {...props} at={at} />;
  return (
    <div className="grid flex-1 place-items-center">
      <Empty
        title="This link has no valid time"
        action={
          <Button variant="primary" onClick={props.onNow}>
            Show the board of now
          </Button>
        }
      >
        Its time should look like 2026-03-17T14:05:00Z.
      </Empty>
    </div>
  );
}

function PastBoard({ workflowId, at, comparison, onMoment, onNow, ...props }: Props) {
  const { shape } = useBoardShape(workflowId);
  const past = usePastBoard(workflowId, at);
  const [now] = useState(() => fromDate(Date.now() - 1_000));
  // Offline, a request waits for the connection instead of failing.
  const offline = past.fetchStatus === "paused" && (past.data === undefined || past.isPlaceholderData);
  const problem = past.error || offline ? explainPast(past.error) : null;
  const board = problem ? undefined : past.data;
  const first = problem?.first ?? (shape?.workflow ?? board?.workflow)?.created_at ?? at;
  const last = isBefore(now, at) ? at : now;
  const loading = past.isFetching && (past.isPending || past.isPlaceholderData);
  const around = useEventsAround(workflowId, loading ? undefined : board);
  const [changesOpen, setChangesOpen] = useState(() => window.matchMedia(WIDE).matches);
  const name = (shape?.workflow ?? board?.workflow)?.name ?? "Board";
  useTitle(`${name}, ${formatMoment(at)}`);

  const player = usePlay({
    at,
    first,
    last,
    busy: loading || problem !== null,
    next: around && (around.next?.timestamp ?? null),
    onMoment,
  });
  const go = (moment: string) => {
    player.stop();
    onMoment(clampMoment(moment, first, last));
  };
  const canStep = {
    dayBack: isBefore(first, at),
    dayForward: !isBefore(last, addDays(at, 1)),
    eventBack: around?.last !== undefined && isBefore(first, at),
    eventForward: around?.next !== undefined,
  };
  const stepEvent = async (direction: 1 | -1) => {
    const moment =
      direction < 0
        ? around && momentBefore(around)
        : board && (await momentAfter(workflowId, board).catch(() => null));
    if (moment) go(moment);
  };
  useShortcuts({
    "[": {
      label: "Previous and next event",
      group: "Board of the past",
      keys: ["[", "]"],
      run: () => canStep.eventBack && void stepEvent(-1),
    },
    "]": () => canStep.eventForward && void stepEvent(1),
    "{": {
      label: "Previous and next day",
      group: "Board of the past",
      keys: ["{", "}"],
      run: () => canStep.dayBack && go(addDays(at, -1)),
    },
    "}": () => canStep.dayForward && go(addDays(at, 1)),
    Escape: { label: "Back to now", group: "Board of the past", run: () => onNow() },
  });

  if (isNotFound(past.error)) {
    return <WorkflowFailure what="the board" error={past.error} onRetry={past.refetch} />;
  }
  return (
    <div className="flex min-w-0 flex-1 flex-col">
      <h1 className="sr-only">
        {name}, board as of {formatMoment(at)}
      </h1>
      <TimeBar
        at={at}
        first={first}
        last={last}
        loading={loading}
        happened={board && around ? describeAround(around, board) : null}
        canStep={canStep}
        playing={player.playing}
        changesOpen={changesOpen}
        onMoment={go}
        onDay={(days) => go(addDays(at, days))}
        onEvent={(direction) => void stepEvent(direction)}
        onPlay={player.toggle}
        onChanges={() => setChangesOpen((open) => !open)}
        onNow={onNow}
      />
      {board && (
        <PastContent
          {...props}
          workflowId={workflowId}
          at={at}
          first={first}
          last={last}
          comparison={comparison}
          board={board}
          liveColumns={shape?.config.columns}
          stale={loading}
          paused={!player.playing && !loading}
          changesOpen={changesOpen}
          onChangesOpen={setChangesOpen}
        />
      )}
      {!board && !problem && <Spinner label="Loading the board…" className="flex-1" />}
      {problem && (
        <div className="grid flex-1 place-items-center" role="alert">
          <Empty
            title={problem.title}
            action={
              <>
                {problem.first && (
                  <Button variant="primary" onClick={() => onMoment(problem.first ?? at)}>
                    Show the first board
                  </Button>
                )}
                {!problem.first && <Button onClick={() => void past.refetch()}>Try again</Button>}
                <Button onClick={onNow}>Back to now</Button>
              </>
            }
          >
            {problem.text}
          </Empty>
        </div>
      )}
    </div>
  );
}

const WIDE = "(min-width: 64rem)";

interface ContentProps extends Omit<Props, "onMoment" | "onNow"> {
  first: string;
  last: string;
  board: BoardState;
  liveColumns: BoardState["config"]["columns"] | undefined;
  stale: boolean;
  /** Whether the board stays as it is for a while, so that it is worth comparing. */
  paused: boolean;
  changesOpen: boolean;
  onChangesOpen: (open: boolean) => void;
}

function PastContent(props: ContentProps) {
  const { workflowId, at, board, filter, stale, changesOpen, onChangesOpen } = props;
  const { config, cards } = board;
  const { actors, nameOf } = useActors(workflowId);
  const people = usePeople(actors, cards, nameOf);
  const [collapsed, toggleCollapsed] = useCollapsed(workflowId);
  const day = todayIn(board.workflow.time_zone, Date.parse(at));
  const shown = useMemo(() => visibleOrder(board, filter, day), [board, filter, day]);
  const selection = useSelection({ board, shown, collapsed, toggleCollapsed, onChangesOpen });
  const visible = [...shown.values()].reduce((sum, ids) => sum + ids.length, 0);
  const columns = useMemo(() => {
    const known = new Set(config.columns.map(({ id }) => id));
    return [...config.columns, ...(props.liveColumns ?? []).filter(({ id }) => !known.has(id))];
  }, [config.columns, props.liveColumns]);
  return (
    <div className="relative flex min-h-0 flex-1">
      <div className="flex min-w-0 flex-1 flex-col">
        <Toolbar
          workflowId={workflowId}
          filter={filter}
          onFilter={props.onFilter}
          types={config.ticket_types}
          milestones={board.milestones}
          people={people}
          shown={visible}
          total={config.columns.reduce((sum, { id }) => sum + columnTotal(board, id), 0)}
          openJobs={0}
          editable={false}
        />
        <PastColumns
          board={board}
          day={day}
          shown={shown}
          collapsed={collapsed}
          onCollapse={toggleCollapsed}
          nameOf={nameOf}
          current={selection.current ?? undefined}
          stale={stale}
          handles={selection.handles}
          onSelect={selection.showTicket}
        />
      </div>
      {changesOpen && (
        <PastPanel
          workflowId={workflowId}
          at={at}
          first={props.first}
          last={props.last}
          comparison={props.comparison}
          onComparison={props.onComparison}
          board={board}
          columns={columns}
          nameOf={nameOf}
          enabled={props.paused}
          selection={selection}
          onOpen={props.onOpen}
          onClose={() => onChangesOpen(false)}
        />
      )}
    </div>
  );
}

/** "TKT-7 moved to Review. 14:03:22" */
function describeAround({ last }: Around, board: BoardState): string | null {
  if (!last) return null;
  return `${describeEvent(last, board) ?? "The board changed."} ${formatClock(last.timestamp)}`;
}
