/** Home, kept up to date by the streams of its workflows. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { home } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { LiveEvent } from "@/api/types";
import { useLive, useLiveStatus, useWatchWorkflows } from "@/live/context";

/** A burst of events causes one request. */
const REFETCH_DELAY_MS = 700;
/** Workflows without a live subscription send no events, and a silent worker sends none either. */
const POLL_MS = 45_000;
/** Workflows that are followed live at a time. */
const MAX_WATCHED = 50;
/** Frequent events that change nothing on Home. */
const NOISE = new Set(["job_progress", "job_stage", "job_message", "job_log", "ticket_updated", "usage_reported"]);

const changesHome = ({ type }: LiveEvent) => !NOISE.has(type);

/** Home of all workflows, or with the items of one. */
export function useHome(workflowId?: string) {
  const live = useLive();
  const queries = useQueryClient();
  const status = useLiveStatus();
  const query = useQuery({
    queryKey: [...queryKeys.home, workflowId ?? null],
    queryFn: ({ signal }) => home.get(workflowId, signal),
    staleTime: 5_000,
    refetchInterval: POLL_MS,
    placeholderData: (previous) => previous,
  });
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = live.onEvents((_, events) => {
      if (timer !== undefined || !events.some(changesHome)) return;
      timer = setTimeout(() => {
        timer = undefined;
        void queries.invalidateQueries({ queryKey: queryKeys.home });
      }, REFETCH_DELAY_MS);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [live, queries]);
  // Events may have been missed while there was no connection.
  useEffect(() => {
    if (status === "live") void queries.invalidateQueries({ queryKey: queryKeys.home });
  }, [status, queries]);
  return query;
}

/** The same with the streams of the user's workflows, for the page that shows it. */
export function useLiveHome(workflowId?: string) {
  const query = useHome(workflowId);
  useWatchWorkflows((query.data?.workflows ?? []).slice(0, MAX_WATCHED).map(({ workflow_id }) => workflow_id));
  return query;
}
