/** What a review shows. Live events keep all of it current. */
import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { approvals, findings, jobs, tickets } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { ApprovalPage, FindingKind } from "@/api/types";
import { readDraft, writeDraft } from "@/entities/approval/drafts";
import { useHeldDecisions } from "@/entities/approval/use-held";
import { useCanDecide, usePendingApprovals } from "../use-approvals";
import { reviewOrder } from "./review-order";
import { isSamePlace, type LineComment, readLineComments } from "./review-text";

/** One approval, in the form of a list, which events keep current. */
export function useApproval(id: string) {
  const query = useQuery({
    queryKey: [...queryKeys.approvals, "one", id],
    queryFn: async ({ signal }): Promise<ApprovalPage> => ({
      approvals: [await approvals.get(id, signal)],
      has_more: false,
    }),
    staleTime: 5_000,
  });
  return { ...query, approval: query.data?.approvals[0] };
}

export function useReviewedTicket(ticketId: string | null) {
  return useQuery({
    queryKey: queryKeys.ticket(ticketId ?? ""),
    queryFn: ({ signal }) => tickets.get(ticketId ?? "", signal),
    enabled: ticketId !== null,
    staleTime: 5_000,
  });
}

/** The job that asked; for a review of a ticket its last job. */
export function useReviewedJob(jobId: string | null, ticketId: string | null) {
  const latest = useQuery({
    queryKey: [...queryKeys.jobs, "ticket", ticketId],
    queryFn: ({ signal }) => jobs.list({ ticket_id: ticketId ?? "", limit: 20 }, signal),
    enabled: jobId === null && ticketId !== null,
    staleTime: 5_000,
  }).data?.jobs[0]?.job_id;
  const id = jobId ?? latest;
  return useQuery({
    queryKey: queryKeys.job(id ?? ""),
    queryFn: ({ signal }) => jobs.get(id ?? "", signal),
    enabled: id !== undefined,
    staleTime: 5_000,
  });
}

const KINDS: readonly FindingKind[] = ["agent_silent", "blocked", "likely_duplicate", "stuck", "urgent_unassigned"];

/** What was found about the ticket. */
export function useTicketFindings(workflowId: string, ticketId: string | null) {
  const { data } = useQuery({
    queryKey: [...queryKeys.findings, workflowId, "of tickets"],
    queryFn: ({ signal }) => findings.list(workflowId, KINDS, signal),
    enabled: ticketId !== null,
    staleTime: 30_000,
  });
  return useMemo(() => data?.findings.filter(({ ticket_id }) => ticket_id === ticketId) ?? [], [data, ticketId]);
}

/** The way through the approvals that wait for the user. */
export function useReviewOrder(open: { id: string; created_at: string }) {
  const { pending } = usePendingApprovals();
  const canDecide = useCanDecide();
  const held = useHeldDecisions();
  const { id, created_at } = open;
  return useMemo(() => {
    const ids = new Set(held.filter(({ state }) => state !== "refused").map(({ approval }) => approval.id));
    return reviewOrder(pending.filter(canDecide), { id, created_at }, ids);
  }, [pending, canDecide, held, id, created_at]);
}

/** The comments on lines, kept in this tab until the decision is sent. */
export function useLineComments(approvalId: string) {
  const [comments, setComments] = useState(() => readLineComments(readDraft(approvalId, "lines")));
  const change = useCallback(
    (update: (old: readonly LineComment[]) => LineComment[]) =>
      setComments((old) => {
        const next = update(old);
        writeDraft(approvalId, next.length > 0 ? JSON.stringify(next) : "", "lines");
        return next;
      }),
    [approvalId],
  );
  /** Writes the comment on a line; an empty text removes it. */
  const put = useCallback(
    (comment: LineComment) =>
      change((old) => {
        const known = old.some((other) => isSamePlace(other, comment));
        if (comment.text.trim() === "") return old.filter((other) => !isSamePlace(other, comment));
        return known ? old.map((other) => (isSamePlace(other, comment) ? comment : other)) : [...old, comment];
      }),
    [change],
  );
  return { comments, put };
}
