/** Questions that wait for people, and what became of them; the live client keeps them current. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { toast } from "sonner";
import { approvals, explain } from "@/api";
import { useMe, useWorkflows } from "@/api/hooks";
import { queryKeys } from "@/api/query-keys";
import type { Approval, ApprovalState, Decision, DecisionWords } from "@/api/types";
import { useLive } from "@/live/context";
import { announce } from "@/ui/announcer";

const MAX_PENDING = 200;
/** Other workflows' questions come without an event: they are asked for now and then. */
const REFETCH_INTERVAL_MS = 30_000;
const NONE: readonly Approval[] = [];

/** Everything that waits for an answer, in all workflows one is in. */
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

/** What became of questions, the newest first. */
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

/** What was asked about a ticket or in a job, newest first. */
export function useApprovalsOf(about: { ticket_id: string } | { job_id: string }) {
  return useQuery({
    queryKey: [...queryKeys.approvals, about],
    queryFn: ({ signal }) => approvals.list({ ...about, limit: 20 }, signal),
    staleTime: 5_000,
  });
}

/** Who may decide: members, but nobody what they asked themselves. The server has the last word. */
export function useCanDecide(): (approval: Approval) => boolean {
  const me = useMe()?.id;
  const { data } = useWorkflows();
  return useMemo(() => {
    const readOnly = new Set((data ?? []).filter(({ role }) => role === "viewer").map(({ id }) => id));
    return ({ asked_by, workflow_id }) => asked_by !== me && !readOnly.has(workflow_id);
  }, [data, me]);
}

const DONE_LABELS: Record<Decision, string> = { approve: "Approved", reject: "Rejected", answer: "Answered" };

export function useDecide() {
  const live = useLive();
  return useMemo(() => {
    const run = async (done: string, request: () => Promise<Approval>): Promise<boolean> => {
      try {
        live.work.putApproval(await request());
        toast.success(done);
        announce(done);
        return true;
      } catch (error) {
        toast.error("It was not decided", { description: explain(error), duration: 8_000 });
        live.work.refresh(queryKeys.approvals);
        return false;
      }
    };
    const decide = (approval: Approval, decision: Decision, input: DecisionWords = {}) =>
      run(DONE_LABELS[decision], () => approvals.decide(approval.id, decision, input));
    const withdraw = (approval: Approval) => run("Taken back", () => approvals.withdraw(approval.id));
    return { decide, withdraw };
  }, [live]);
}
