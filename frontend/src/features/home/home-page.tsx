import { Link } from "@tanstack/react-router";
import { CircleCheckBig } from "lucide-react";
import { type ReactNode, useEffect, useMemo } from "react";
import { explain } from "@/api";
import type { Home } from "@/api/types";
import { Button } from "@/ui/button";
import { Empty, Kbd, Notice, Spinner } from "@/ui/states";
import { formatTimeAgo } from "@/ui/time";
import { useTitle } from "@/ui/use-title";
import { useHiddenItems } from "./hidden-items";
import { HomeTools } from "./home-header";
import { HomeSections, HomeSummary } from "./home-sections";
import { sectionsOf } from "./sections";
import { useLiveHome } from "./use-home";
import { useHomeActions } from "./use-home-actions";
import { useHomeKeys } from "./use-home-keys";
import { enterHome, leaveHome, noteSeen } from "./visit";

interface Props {
  /** Shows the items of this workflow only. */
  workflowId: string | undefined;
  onFilter: (workflowId: string | undefined) => void;
  /** The list of workflows below. */
  children: ReactNode;
}

/** What needs the user, what failed, what is stuck and what got done since their last visit. */
export function HomePage({ workflowId, onFilter, children }: Props) {
  useTitle("Home");
  const { data, isPending, isError, error, refetch } = useLiveHome(workflowId);
  useEffect(() => {
    enterHome();
    return leaveHome;
  }, []);
  useEffect(() => {
    if (data) noteSeen(data);
  }, [data]);
  return (
    <div className="scroll-thin flex-1 overflow-y-auto">
      <div className="mx-auto grid w-full max-w-4xl grid-cols-[minmax(0,1fr)] gap-6 px-4 py-6 sm:py-8">
        {data ? (
          <News home={data} workflowId={workflowId} onFilter={onFilter} failed={isError} />
        ) : (
          <div>
            <h1 className="mb-5 font-semibold text-lg tracking-tight">Home</h1>
            {isPending && <Spinner label="Loading what happened…" />}
            {isError && (
              <Notice tone="danger">
                <span className="flex flex-wrap items-center justify-between gap-2">
                  {explain(error)}
                  <Button size="sm" onClick={() => void refetch()}>
                    Try again
                  </Button>
                </span>
              </Notice>
            )}
          </div>
        )}
        <section>{children}</section>
      </div>
    </div>
  );
}

function News({
  home,
  workflowId,
  onFilter,
  failed,
}: Pick<Props, "workflowId" | "onFilter"> & { home: Home; failed: boolean }) {
  const hidden = useHiddenItems();
  const actions = useHomeActions();
  const sections = useMemo(() => sectionsOf(home, workflowId, hidden), [home, workflowId, hidden]);
  const canMark = sections.some(({ name, count }) => name !== "waiting" && count > 0);
  const markAll = () => canMark && actions.markAllSeen(home, workflowId);
  const { currentId, setCurrent } = useHomeKeys(sections, actions, markAll);
  const isUpToDate = sections.every(({ count }) => count === 0);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <div>
          <h1 className="font-semibold text-lg tracking-tight">Home</h1>
          <p className="text-muted-foreground text-xs">{sinceText(home, workflowId)}</p>
        </div>
        {home.workflows.length > 0 && (
          <HomeTools home={home} workflowId={workflowId} onFilter={onFilter} onMarkAll={markAll} canMark={canMark} />
        )}
      </div>
      {failed && <Notice tone="warning">This could not be updated and may be out of date. It is tried again.</Notice>}
      {home.workflows.length > 0 && <HomeSummary sections={sections} />}
      {isUpToDate && home.workflows.length > 0 && (
        <Empty
          icon={<CircleCheckBig className="size-6" />}
          title="You are up to date"
          className="py-8"
          action={
            <Button asChild>
              <Link to="/my-work">Open my work</Link>
            </Button>
          }
        >
          Nothing waits for you. Questions, failures and what gets done appear here as they happen.
        </Empty>
      )}
      <HomeSections
        sections={sections}
        workflows={home.workflows}
        showWorkflow={!workflowId && home.workflows.length > 1}
        currentId={currentId}
        onCurrent={setCurrent}
        actions={actions}
      />
      {!isUpToDate && (
        <p className="hidden flex-wrap items-center gap-1 text-muted-foreground text-xs md:flex pointer-coarse:hidden">
          <Kbd>J</Kbd> <Kbd>K</Kbd> select, <Kbd>Enter</Kbd> open, <Kbd>A</Kbd> approve, <Kbd>R</Kbd> reject or retry,{" "}
          <Kbd>C</Kbd> answer or cancel, <Kbd>1</Kbd>–<Kbd>9</Kbd> choose an option, <Kbd>Z</Kbd> undo, <Kbd>E</Kbd>{" "}
          mark as seen, <Kbd>Shift</Kbd> <Kbd>E</Kbd> mark all
        </p>
      )}
    </div>
  );
}

/** Since when something counts as news. */
function sinceText(home: Home, workflowId: string | undefined): string {
  const shown = home.workflows.filter(({ workflow_id }) => workflowId === undefined || workflow_id === workflowId);
  const visits = shown.flatMap(({ visited_at }) => (visited_at ? [visited_at] : []));
  const last = visits.sort().at(-1);
  if (shown.length === 0) return "What needs you and what got done, over all of your workflows.";
  return last
    ? `Since your last visit ${formatTimeAgo(last, Date.now())}`
    : "Of the last 7 days: this is your first visit";
}
