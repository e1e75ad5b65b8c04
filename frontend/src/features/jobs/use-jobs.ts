/** Job queries. Live events patch the cached results. */
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { jobs } from "@/api";
import { queryKeys } from "@/api/query-keys";
import { hasEnded } from "@/live/state/jobs";
import { type JobListState, statusesOf } from "./job-list-state";

const PAGE_SIZE = 50;
/** Heartbeats produce no events, so an open job page polls for them. */
const HEARTBEAT_REFETCH_MS = 10_000;

export function useJobList(workflowId: string, { show, q, mine }: JobListState) {
  return useInfiniteQuery({
    queryKey: [...queryKeys.jobs, "list", workflowId, { show, q, mine }],
    queryFn: ({ pageParam, signal }) =>
      jobs.list(
        {
          workflow_id: workflowId,
          status: statusesOf(show),
          title: q?.trim() || undefined,
          mine: mine || undefined,
          limit: PAGE_SIZE,
          cursor: pageParam,
        },
        signal,
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => (page.has_more ? (page.next_cursor ?? undefined) : undefined),
    placeholderData: keepPreviousData,
    staleTime: 5_000,
  });
}

export function useTicketJobs(ticketId: string) {
  return useQuery({
    queryKey: [...queryKeys.jobs, "ticket", ticketId],
    queryFn: ({ signal }) => jobs.list({ ticket_id: ticketId, limit: 20 }, signal),
    staleTime: 5_000,
  });
}

export function useJob(jobId: string) {
  return useQuery({
    queryKey: queryKeys.job(jobId),
    queryFn: ({ signal }) => jobs.get(jobId, signal),
    staleTime: 5_000,
    refetchInterval: ({ state }) =>
      state.data?.lease_expires_at && !hasEnded(state.data.status) ? HEARTBEAT_REFETCH_MS : false,
  });
}
