/** Reports as queries. They are read again when the workflow changes; the `ETag` makes that cheap. */
import { keepPreviousData, type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { reports } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { ReportQuery, TaggedReport } from "@/api/reports";
import { useLive, useLiveStatus, useWatchWorkflow } from "@/live/context";

/** How long a change is waited with for more of them, and at most. */
const QUIET_MS = 800;
const PATIENCE_MS = 4_000;
/** Ages grow while nothing happens. */
const AGES_MS = 60_000;

interface Options {
  enabled: boolean;
  /** Whether figures change although nothing in the workflow does. */
  moves?: boolean;
}

export function useReport(name: string, query: ReportQuery, { enabled, moves = false }: Options) {
  const queries = useQueryClient();
  const queryKey = queryKeys.report(name, query);
  return useQuery({
    queryKey,
    queryFn: ({ signal }) => reports.read(name, query, queries.getQueryData<TaggedReport>(queryKey), signal),
    enabled,
    placeholderData: keepPreviousData,
    staleTime: AGES_MS,
    refetchInterval: moves ? AGES_MS : false,
    structuralSharing: false,
  });
}

/** Reads the alerts and the reports in view again after changes in the workflow, and all others when they come into view. */
export function useLiveReports(workflowId: string): void {
  const live = useLive();
  const queries = useQueryClient();
  const connected = useLiveStatus() === "live";
  useWatchWorkflow(workflowId);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let since = 0;
    const refresh = () => {
      timer = undefined;
      since = 0;
      readAgain(queries, workflowId);
    };
    const stop = live.onEvents((id) => {
      if (id !== workflowId) return;
      const now = Date.now();
      since ||= now;
      clearTimeout(timer);
      timer = setTimeout(refresh, Math.max(0, Math.min(QUIET_MS, since + PATIENCE_MS - now)));
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [live, queries, workflowId]);
  // What happened while the connection was away may have no event here.
  const wasAway = useRef(false);
  useEffect(() => {
    if (connected && wasAway.current) readAgain(queries, workflowId);
    wasAway.current = !connected;
  }, [connected, queries, workflowId]);
}

function readAgain(queries: QueryClient, workflowId: string): void {
  void queries.invalidateQueries({ queryKey: queryKeys.reports(workflowId) });
  // Their events follow within a minute; the list has them at once.
  void queries.invalidateQueries({ queryKey: [...queryKeys.findings, workflowId] });
}
