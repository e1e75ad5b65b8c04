import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useCallback } from "react";
import { BoardPage } from "@/features/board/board-page";
import type { Filter } from "@/features/board/filter";
import { useMoveCard } from "@/features/board/use-move-card";
import { useTicketSections } from "./ticket-sections";

const TicketDrawer = lazy(() =>
  import("@/features/ticket/ticket-drawer").then((module) => ({ default: module.TicketDrawer })),
);

/** The board, with the ticket drawer of the URL's ticket. Features do not import each other; routes compose them. */
export function BoardRoute() {
  const { workflowId } = useParams({ from: "/inside/shell/w/$workflowId" });
  const filter = useSearch({ from: "/inside/shell/w/$workflowId" });
  const { ticketId } = useParams({ strict: false }) as { ticketId?: string };
  const navigate = useNavigate();

  const setFilter = useCallback((next: Filter) => void navigate({ to: ".", search: next, replace: true }), [navigate]);
  const open = useCallback(
    (id: string) =>
      void navigate({ to: "/w/$workflowId/t/$ticketId", params: { workflowId, ticketId: id }, search: true }),
    [navigate, workflowId],
  );
  const close = useCallback(
    () => void navigate({ to: "/w/$workflowId", params: { workflowId }, search: true }),
    [navigate, workflowId],
  );

  const openJob = useCallback(
    (jobId: string) => void navigate({ to: "/w/$workflowId/jobs/$jobId", params: { workflowId, jobId }, search: {} }),
    [navigate, workflowId],
  );
  const moveCard = useMoveCard(workflowId, open);
  const renderSections = useTicketSections();

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
        moveCard={moveCard}
      />
      <Suspense>
        {ticketId && (
          <TicketDrawer
            key={ticketId}
            workflowId={workflowId}
            ticketId={ticketId}
            onOpen={open}
            onClose={close}
            onMove={moveCard}
            renderSections={renderSections}
          />
        )}
      </Suspense>
    </div>
  );
}
