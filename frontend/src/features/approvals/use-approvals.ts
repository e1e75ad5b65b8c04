/** Questions that wait for people, and what became of them; the live client keeps them current. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { toast } from "sonner";
import { approvals, explain } from "@/api";
import { useMe, useWorkflows } from "@/api/hooks";
import { queryKeys } from "@/api/query-keys";
import type { Approval, ApprovalState, Decision, DecisionInput } from "@/api/types";
import { useLive } from "@/live/context";
import { announce } from "@/ui/announcer";

const MOST = 200;
/** Other workflows' questions come without an event: they are asked for now and then. */
const ELSEWHERE_MS = 30_000;
const NONE: readonly Approval[] = [];

/** Everything that waits for an answer, in all workflows one is in. */
export function usePending() {
  const query = useQuery({
    queryKey: [...queryKeys.approvals, "pending"],
    queryFn: ({ signal }) => approvals.list({ status: "pending", limit: MOST }, signal),
    staleTime: 5_000,
    refetchInterval: ELSEWHERE_MS,
  });
  const pending = useMemo(
    () => query.data?.approvals.filter(({ status }) => status === "pending") ?? NONE,
    [query.data],
  );
  return { ...query, pending };
}

const SETTLED: readonly ApprovalState[] = ["approved", "rejected", "answered", "expired", "withdrawn"];
const PAGE = 20;

/** What became of questions, the newest first. */
export function useDecided() {
  return useInfiniteQuery({
    queryKey: [...queryKeys.approvals, "decided"],
    queryFn: ({ pageParam, signal }) =>
      approvals.list({ status: SETTLED.join(","), limit: PAGE, cursor: pageParam }, signal),
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
export function useMayDecide(): (approval: Approval) => boolean {
  const me = useMe()?.id;
  const { data } = useWorkflows();
  return useMemo(() => {
    const closed = new Set((data ?? []).filter(({ role }) => role === "viewer").map(({ id }) => id));
    return ({ asked_by, workflow_id }) => asked_by !== me && !closed.has(workflow_id);
  }, [data, me]);
}

const DONE: Record<Decision, string> = { approve: "Approved", reject: "Rejected", answer: "Answered" };

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
    const decide = (approval: Approval, decision: Decision, words: DecisionInput = {}) =>
      run(DONE[decision], () => approvals.decide(approval.id, decision, words));
    const withdraw = (approval: Approval) => run("Taken back", () => approvals.withdraw(approval.id));
    return { decide, withdraw };
  }, [live]);
}
