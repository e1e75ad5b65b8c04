/** Queries and mutations of approvals. Live events keep the cached lists current. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { approvals, explain } from "@/api";
import { useMe, useWorkflows } from "@/api/hooks";
import { queryKeys } from "@/api/query-keys";
import type { Approval, ApprovalState } from "@/api/types";
import { useLive } from "@/live/context";
import { announce } from "@/ui/announcer";
import { toast } from "@/ui/toast";

const MAX_PENDING = 200;
/** Workflows without a live subscription send no events, so the list is polled. */
const REFETCH_INTERVAL_MS = 30_000;
const NONE: readonly Approval[] = [];

/** Pending approvals of all the user's workflows. */
export function usePendingApprovals() {
  const query = useQuery({
    queryKey: [...queryKeys.approvals, "pending"],
    queryFn: ({ signal }) => approvals.list({ status: "pending", limit: MAX_PENDING }, signal),
    staleTime: 5_000,
    refetchInterval: REFETCH_INTERVAL_MS,
  });
  const pending = useMemo(
    () => query.data?.approvals.filter(({ status }) => status === "pending") ?? NONE,
    [query.data],
  );
  return { ...query, pending };
}

const CLOSED_STATES: readonly ApprovalState[] = ["approved", "rejected", "answered", "expired", "withdrawn"];
const PAGE_SIZE = 20;

/** Closed approvals, newest first. */
export function useDecidedApprovals() {
  return useInfiniteQuery({
    queryKey: [...queryKeys.approvals, "decided"],
    queryFn: ({ pageParam, signal }) =>
      approvals.list({ status: CLOSED_STATES.join(","), limit: PAGE_SIZE, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => (page.has_more ? (page.next_cursor ?? undefined) : undefined),
    staleTime: 5_000,
  });
}

/** Approvals of one ticket or job, newest first. */
export function useApprovalsOf(about: { ticket_id: string } | { job_id: string }) {
  return useQuery({
    queryKey: [...queryKeys.approvals, about],
    queryFn: ({ signal }) => approvals.list({ ...about, limit: 20 }, signal),
    staleTime: 5_000,
  });
}

/** Members can decide approvals they did not request themselves. The server enforces the rule. */
export function useCanDecide(): (approval: Approval) => boolean {
  const me = useMe()?.id;
  const { data } = useWorkflows();
  return useMemo(() => {
    const readOnly = new Set((data ?? []).filter(({ role }) => role === "viewer").map(({ id }) => id));
    return ({ asked_by, workflow_id }) => asked_by !== me && !readOnly.has(workflow_id);
  }, [data, me]);
}

/** Takes back a request of one's own. Decisions are held first: see entities/approval/held-decisions. */
export function useWithdraw(): (approval: Approval) => Promise<void> {
  const live = useLive();
  return useCallback(
    async (approval) => {
      try {
        live.work.putApproval(await approvals.withdraw(approval.id));
        toast.success("Withdrawn");
        announce("Withdrawn");
      } catch (error) {
        toast.error("Could not withdraw the request", { description: explain(error), duration: 8_000 });
        live.work.refresh(queryKeys.approvals);
      }
    },
    [live],
  );
}
