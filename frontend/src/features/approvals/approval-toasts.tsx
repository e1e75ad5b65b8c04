import { useEffect, useRef } from "react";
import { useMe } from "@/api/hooks";
import type { Approval, LiveEvent } from "@/api/types";
import { useLive } from "@/live/context";
import { announce } from "@/ui/announcer";
import { toast } from "@/ui/toast";
import { useCanDecide } from "./use-approvals";

interface Props {
  onAnswer: (approvalId: string) => void;
}

const MAX_TOASTS = 3;

export const toastId = (approvalId: string) => `approval-${approvalId}`;

/** Shows a toast for each new approval the user can decide, and dismisses it once the approval is closed. */
export function ApprovalToasts({ onAnswer }: Props) {
  const live = useLive();
  const me = useMe()?.id;
  const canDecide = useCanDecide();
  const latest = useRef({ onAnswer, canDecide });
  useEffect(() => {
    latest.current = { onAnswer, canDecide };
  });
  useEffect(
    () =>
      live.onEvents((_, events) => {
        const { pending, closed } = latestApprovals(events);
        for (const id of closed) toast.dismiss(toastId(id));
        const mine = pending.filter((approval) => approval.asked_by !== me && latest.current.canDecide(approval));
        for (const { id, asked_by_name, question, ticket_key } of mine.slice(0, MAX_TOASTS)) {
          const title = `${asked_by_name ?? "An agent"} needs your input${ticket_key ? ` on ${ticket_key}` : ""}`;
          toast.warning(title, {
            id: toastId(id),
            description: question,
            duration: 12_000,
            action: { label: "Answer", onClick: () => latest.current.onAnswer(id) },
          });
          announce(`${title}: ${question}`);
        }
        if (mine.length > MAX_TOASTS) toast.warning(`${mine.length - MAX_TOASTS} more approvals are pending`);
      }),
    [live, me],
  );
  return null;
}

/** The last state of each approval in a batch of events, split into pending and closed. */
export function latestApprovals(events: readonly LiveEvent[]): { pending: Approval[]; closed: string[] } {
  const last = new Map<string, Approval>();
  for (const { data } of events) if (data.approval) last.set(data.approval.id, data.approval);
  const all = [...last.values()];
  return {
    pending: all.filter(({ status }) => status === "pending"),
    closed: all.filter(({ status }) => status !== "pending").map(({ id }) => id),
  };
}
