import { Link } from "@tanstack/react-router";
import { ArrowLeft, Plus, Users } from "lucide-react";
import { useCallback, useMemo, useRef, useState } from "react";
import { explain } from "@/api";
import { useActors } from "@/api/hooks";
import { WorkflowFailure } from "@/entities/workflow/workflow-failure";
import { useBoard } from "@/live/context";
import { type BoardState, canEdit } from "@/live/state/board";
import { Button } from "@/ui/button";
import { LOCALE } from "@/ui/locale";
import { plural } from "@/ui/plural";
import { Empty, Kbd, Notice, Spinner } from "@/ui/states";
import { useShortcuts } from "@/ui/use-shortcuts";
import { useTitle } from "@/ui/use-title";
import { BulkBar } from "./bulk-bar";
import type { LaneAction } from "./lane-actions";
import { LaneRow } from "./lane-row";
import { type Lane, SECTION_NAMES, SECTIONS, type Section } from "./lanes";
import { ReassignDialog } from "./reassign-dialog";
import { useLaneCommands } from "./use-lane-commands";
import { useLanes, useLastLines, useNumbers } from "./use-lanes";
import { useSelection } from "./use-selection";

const MAX_SHOWN = 50;

/** What every agent and worker of a workflow does now. */
export function AgentsPage({ workflowId }: { workflowId: string }) {
  const { board, error, loading, retry } = useBoard(workflowId);
  useTitle(board ? `Agents · ${board.workflow.name}` : "Agents");
  if (board) return <Lanes board={board} />;
  if (loading) return <Spinner label="Loading agents…" className="flex-1" />;
  return <WorkflowFailure what="the agents" error={error} onRetry={retry} />;
}

function Lanes({ board }: { board: BoardState }) {
  const workflowId = board.workflow.id;
  const { config } = board;
  const { actors, nameOf } = useActors(workflowId);
  const { lanes, loading, error, hasMore, retry } = useLanes(board);
  const numbers = useNumbers(workflowId);
  const lines = useLastLines(workflowId);
  const [unfolded, setUnfolded] = useState<ReadonlySet<Section>>(new Set());
  const editable = canEdit(board.workflow);

  const shown = useMemo(() => {
    const sections = SECTIONS.map((section) => {
      const all = lanes.filter((lane) => lane.section === section);
      return { section, total: all.length, lanes: unfolded.has(section) ? all : all.slice(0, MAX_SHOWN) };
    });
    return sections.filter(({ total }) => total > 0);
  }, [lanes, unfolded]);
  const visible = useMemo(() => shown.flatMap((section) => section.lanes), [shown]);

  const nameOfLane = useCallback(
    ({ ticket, job, agentId }: Lane) =>
      [ticket?.key, job?.title ?? (ticket ? ticket.title : nameOf(agentId).name)].filter(Boolean).join(" "),
    [nameOf],
  );
  const { selected, isSelected, toggle, clear } = useSelection(visible);
  const commands = useLaneCommands(nameOfLane);
  const { start } = commands;
  const act = useCallback((lane: Lane, action: LaneAction) => void start([lane], action), [start]);
  const list = useRef<HTMLDivElement>(null);
  useLaneKeys(list, toggle, () => {
    clear();
    commands.clearRun();
  });

  const stageNames = useMemo(() => new Map(config.columns.map(({ id, name }) => [id, name])), [config.columns]);
  const stageOf = ({ job, ticket }: Lane): string | null => {
    const stage = job ? job.stage : (ticket?.status ?? null);
    if (!stage) return null;
    const at = job ? job.stages.indexOf(stage) + 1 : 0;
    return `${stageNames.get(stage) ?? stage}${at > 0 && job ? ` · ${at} of ${job.stages.length}` : ""}`;
  };

  return (
    <div ref={list} className="scroll-thin flex flex-1 flex-col overflow-y-auto">
      <div className="mx-auto grid w-full max-w-6xl grid-cols-[minmax(0,1fr)] gap-4 px-4 pt-6 pb-16">
        <Header workflowId={workflowId} name={board.workflow.name} lanes={lanes} />
        <Alarm lanes={lanes} />
        {error && (
          <Notice tone="danger">
            {explain(error)}{" "}
            <button type="button" className="font-medium underline" onClick={() => void retry()}>
              Try again
            </button>
          </Notice>
        )}
        {hasMore && <Notice>There are more open jobs. The newest 1,000 are shown.</Notice>}
        {loading && lanes.length === 0 && <Spinner label="Loading agents…" />}
        {!loading && lanes.length === 0 && !error && <NoLanes workflowId={workflowId} />}
        {shown.map(({ section, total, lanes: some }) => (
          <section key={section} aria-labelledby={`lanes-${section}`}>
            <h2 id={`lanes-${section}`} className="mb-1.5 flex items-center gap-2 px-1 font-semibold text-xs">
              {SECTION_NAMES[section]}
              <span className="tabular font-normal text-muted-foreground">{total.toLocaleString(LOCALE)}</span>
            </h2>
            <ul
              aria-labelledby={`lanes-${section}`}
              className="divide-y overflow-hidden rounded-xl border bg-surface shadow-card"
            >
              {some.map((lane) => (
                <LaneRow
                  key={lane.id}
                  lane={lane}
                  name={nameOfLane(lane)}
                  agent={lane.agentId ? nameOf(lane.agentId) : undefined}
                  stage={stageOf(lane)}
                  lines={lines}
                  numbers={lane.agentId ? numbers.ofAgents.get(lane.agentId) : undefined}
                  usageOfAgent={lane.agentId ? numbers.usageOfAgents.get(lane.agentId) : undefined}
                  usageOfJob={lane.job ? numbers.usageOfJobs.get(lane.job.job_id) : undefined}
                  editable={editable}
                  selected={isSelected(lane.id)}
                  onToggle={toggle}
                  onAction={act}
                />
              ))}
            </ul>
            {some.length < total && (
              <Button variant="ghost" size="sm" onClick={() => setUnfolded((old) => new Set(old).add(section))}>
                Show {(total - some.length).toLocaleString(LOCALE)} more
              </Button>
            )}
          </section>
        ))}
        {lanes.length > 0 && editable && (
          <p className="hidden flex-wrap items-center gap-1 text-muted-foreground text-xs md:flex pointer-coarse:hidden">
            <Kbd>J</Kbd> <Kbd>K</Kbd> move, <Kbd>X</Kbd> select, <Kbd>Shift</Kbd> <Kbd>X</Kbd> select a range,{" "}
            <Kbd>Esc</Kbd> clear
          </p>
        )}
      </div>
      <BulkBar
        selected={selected}
        editable={editable}
        run={commands.run}
        onAction={(action) => void start(selected, action)}
        onClear={clear}
        onCloseRun={commands.clearRun}
      />
      {commands.reassigning && (
        <ReassignDialog
          lanes={commands.reassigning}
          actors={actors}
          onClose={() => commands.setReassigning(null)}
          onReassign={(to, name) => {
            void commands.send(commands.reassigning ?? [], { action: "reassign", to, name });
            commands.setReassigning(null);
          }}
        />
      )}
    </div>
  );
}

function Header({ workflowId, name, lanes }: { workflowId: string; name: string; lanes: readonly Lane[] }) {
  const running = lanes.filter(({ section }) => section === "running").length;
  return (
    <div>
      <Link
        to="/w/$workflowId"
        params={{ workflowId }}
        search={{}}
        className="mb-2 inline-flex items-center gap-1 rounded text-muted-foreground text-xs hover:text-foreground"
      >
        <ArrowLeft className="size-3.5" /> Back to board
      </Link>
      <div className="flex min-h-8 flex-wrap items-baseline gap-x-3">
        <h1 className="font-semibold text-base">
          Agents<span className="sr-only"> in {name}</span>
        </h1>
        <span className="tabular text-muted-foreground text-xs">{running} running</span>
        <Button asChild size="sm" className="ml-auto self-center">
          <Link to="/w/$workflowId/agents/new" params={{ workflowId }}>
            <Plus /> Connect an agent
          </Link>
        </Button>
      </div>
    </div>
  );
}

/** Says what stands still although nobody decided so. */
function Alarm({ lanes }: { lanes: readonly Lane[] }) {
  const count = (section: Section) => lanes.filter((lane) => lane.section === section).length;
  const [silent, failed, without] = [count("silent"), count("failed"), count("no_worker")];
  const parts = [
    silent > 0 && `${plural(silent, "agent")} ${silent === 1 ? "is" : "are"} silent`,
    failed > 0 && `${plural(failed, "job")} failed`,
    without > 0 && `no worker takes ${plural(without, "queued job")}`,
  ].filter((part) => part !== false);
  if (parts.length === 0) return null;
  const text = parts.join(", ");
  return <Notice tone="danger">{`${text[0]?.toUpperCase()}${text.slice(1)}.`}</Notice>;
}

function NoLanes({ workflowId }: { workflowId: string }) {
  return (
    <Empty
      icon={<Users className="size-6" />}
      title="No agents yet"
      action={
        <Button asChild variant="primary">
          <Link to="/w/$workflowId/agents/new" params={{ workflowId }}>
            Connect an agent
          </Link>
        </Button>
      }
    >
      Agents of this workflow and the workers of its jobs appear here, with what they do.
    </Empty>
  );
}

/** J and K move between lanes, X selects, Shift+X selects up to the last one, Escape clears. */
function useLaneKeys(
  list: React.RefObject<HTMLDivElement | null>,
  toggle: (id: string, range: boolean) => void,
  clear: () => void,
): void {
  const boxes = () => [...(list.current?.querySelectorAll<HTMLElement>("[data-select]") ?? [])];
  const current = () => document.activeElement?.closest("[data-lane]")?.querySelector<HTMLElement>("[data-select]");
  const step = (by: number) => (event: KeyboardEvent) => {
    event.preventDefault();
    const all = boxes();
    const at = all.indexOf(current() as HTMLElement);
    const next = all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + by))];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  };
  const choose = (range: boolean) => () => {
    const id = current()?.dataset.select;
    if (id) toggle(id, range);
  };
  useShortcuts({
    j: step(1),
    k: step(-1),
    ArrowDown: step(1),
    ArrowUp: step(-1),
    x: choose(false),
    X: choose(true),
    Escape: clear,
  });
}
