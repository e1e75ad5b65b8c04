import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo } from "react";
import type { JobSummary } from "@/api/types";
import { BoardPage } from "@/features/board/board-page";
import type { Filter } from "@/features/board/filter";
import { type Comparison, readComparison } from "@/features/board/past/comparison";
import { useMoveCard } from "@/features/board/use-move-card";
import { useJobActions } from "@/features/jobs/use-job-actions";
import { lazyPart } from "@/ui/lazy-part";
import { whenIdle } from "@/ui/load-part";
import { Spinner } from "@/ui/states";
import { useTicketHistory } from "./use-ticket-history";

const PastBoardPage = lazyPart(
  async () => (await import("@/features/board/past/past-board-page")).PastBoardPage,
  <Spinner label="Loading the board…" className="flex-1" />,
);
const Drawer = lazyPart(
  async () => (await import("./drawer")).Drawer,
  <aside className="absolute inset-y-0 right-0 z-30 w-full border-l bg-surface shadow-pop md:w-[min(100%,54rem)]">
    <Spinner label="Loading the ticket…" className="h-full" />
  </aside>,
);

/** The board, with the ticket drawer of the URL's ticket. Features do not import each other; routes compose them. */
export function BoardRoute() {
  const { workflowId } = useParams({ from: "/inside/shell/w/$workflowId" });
  const { at, compare, ...rest } = useSearch({ from: "/inside/shell/w/$workflowId" });
  const filter = useStableFilter(rest);
  const { ticketId } = useParams({ strict: false }) as { ticketId?: string };
  const navigate = useNavigate();

  const setFilter = useCallback((next: Filter) => void navigate({ to: ".", search: next, replace: true }), [navigate]);
  const { stepIn, leave } = useTicketHistory(ticketId);
  const open = useCallback(
    (id: string) =>
      void navigate({
        to: "/w/$workflowId/t/$ticketId",
        params: { workflowId, ticketId: id },
        search: true,
        state: stepIn(),
      }),
    [navigate, workflowId, stepIn],
  );
  const close = useCallback(
    () => leave(() => void navigate({ to: "/w/$workflowId", params: { workflowId }, search: true, replace: true })),
    [navigate, workflowId, leave],
  );

  const openJob = useCallback(
    (jobId: string) => void navigate({ to: "/w/$workflowId/jobs/$jobId", params: { workflowId, jobId }, search: {} }),
    [navigate, workflowId],
  );
  useEffect(() => whenIdle(() => void Drawer.preload()), []);
  const moveCard = useMoveCard(workflowId, open);
  const { run } = useJobActions();
  const retryJob = useCallback((job: JobSummary) => run(job, "retry"), [run]);

  const showPast = useCallback(
    (moment: string, replace = false) =>
      void navigate({
        to: "/w/$workflowId",
        params: { workflowId },
        search: { ...filter, at: moment, compare },
        replace,
      }),
    [navigate, workflowId, filter, compare],
  );
  const moveInPast = useCallback((moment: string) => showPast(moment, true), [showPast]);
  const filterPast = useCallback(
    (next: Filter) => void navigate({ to: ".", search: { ...next, at, compare }, replace: true }),
    [navigate, at, compare],
  );
  const setComparison = useCallback(
    (next: Comparison) =>
      void navigate({ to: ".", search: { ...filter, at, compare: readComparison(next) }, replace: true }),
    [navigate, filter, at],
  );
  const backToNow = useCallback(
    () => void navigate({ to: "/w/$workflowId", params: { workflowId }, search: filter }),
    [navigate, workflowId, filter],
  );
  const openNow = useCallback(
    (id: string) =>
      void navigate({ to: "/w/$workflowId/t/$ticketId", params: { workflowId, ticketId: id }, search: filter }),
    [navigate, workflowId, filter],
  );

  if (at !== undefined && !ticketId) {
    return (
      <div className="relative flex min-h-0 flex-1 overflow-hidden">
        <PastBoardPage
          key={workflowId}
          workflowId={workflowId}
          at={at}
          comparison={compare ?? "now"}
          filter={filter}
          onFilter={filterPast}
          onMoment={moveInPast}
          onComparison={setComparison}
          onNow={backToNow}
          onOpen={openNow}
        />
      </div>
    );
  }
  return (
    <div className="relative flex min-h-0 flex-1 overflow-hidden">
      <BoardPage
        key={workflowId}
        workflowId={workflowId}
        openTicketId={ticketId}
        filter={filter}
        onFilter={setFilter}
        onOpen={open}
        onOpenJob={openJob}
        onRetryJob={retryJob}
        onPast={showPast}
        moveCard={moveCard}
      />
      {ticketId && (
        <Drawer
          key={ticketId}
          workflowId={workflowId}
          ticketId={ticketId}
          onOpen={open}
          onClose={close}
          onMove={moveCard}
        />
      )}
    </div>
  );
}

/** The same object as long as its fields are the same, so that moving through the past filters nothing again. */
function useStableFilter({ q, type, priority, assignee, milestone, due, needs }: Filter): Filter {
  return useMemo(
    () => ({ q, type, priority, assignee, milestone, due, needs }),
    [q, type, priority, assignee, milestone, due, needs],
  );
}
