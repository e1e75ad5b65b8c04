import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import { StatisticsPage } from "@/features/statistics/statistics-page";
import type { StatisticsState } from "@/features/statistics/statistics-state";

export function StatisticsRoute() {
  const { workflowId } = useParams({ from: "/inside/shell/w/$workflowId/statistics" });
  const state = useSearch({ from: "/inside/shell/w/$workflowId/statistics" });
  const navigate = useNavigate();
  const setState = useCallback(
    (search: StatisticsState) =>
      void navigate({ to: "/w/$workflowId/statistics", params: { workflowId }, search, replace: true }),
    [navigate, workflowId],
  );
  const openTicket = useCallback(
    (ticketId: string) =>
      void navigate({ to: "/w/$workflowId/t/$ticketId", params: { workflowId, ticketId }, search: {} }),
    [navigate, workflowId],
  );
  return (
    <StatisticsPage
      key={workflowId}
      workflowId={workflowId}
      state={state}
      onState={setState}
      onOpenTicket={openTicket}
    />
  );
}
