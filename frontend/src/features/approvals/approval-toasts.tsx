import { useEffect, useRef } from "react";
import { toast } from "sonner";
import { useMe } from "@/api/hooks";
import type { Approval, LiveEvent } from "@/api/types";
import { useLive } from "@/live/context";
import { announce } from "@/ui/announcer";
import { useCanDecide } from "./use-approvals";

interface Props {
  onAnswer: (approvalId: string) => void;
}

const MAX_TOASTS = 3;

export const toastId = (approvalId: string) => `approval-${approvalId}`;

/** Says when somebody needs an answer, and no more of it once it is given. */
export function ApprovalToasts({ onAnswer }: Props) {
  const live = useLive();
  const me = useMe()?.id;
  const canDecide = useCanDecide();
  const latest = useRef({ onAnswer, mayDecide: canDecide });
  useEffect(() => {
    latest.current = { onAnswer, mayDecide: canDecide };
  });
  useEffect(
    () =>
      live.onEvents((_, events) => {
        const { asked, settled } = latestApprovals(events);
        for (const id of settled) toast.dismiss(toastId(id));
        const mine = asked.filter((approval) => approval.asked_by !== me && latest.current.mayDecide(approval));
        for (const { id, asked_by_name, question, ticket_key } of mine.slice(0, MAX_TOASTS)) {
          const title = `${asked_by_name ?? "An agent"} needs you${ticket_key ? ` on ${ticket_key}` : ""}`;
          toast.warning(title, {
            id: toastId(id),
            description: question,
            duration: 12_000,
            action: { label: "Answer", onClick: () => latest.current.onAnswer(id) },
          });
          announce(`${title}: ${question}`);
        }
        if (mine.length > MAX_TOASTS) toast.warning(`${mine.length - MAX_TOASTS} more questions wait for you`);
      }),
    [live, me],
  );
  return null;
}

/** Of a burst of events, what waits at its end, and what does not any more. */
export function latestApprovals(events: readonly LiveEvent[]): { asked: Approval[]; settled: string[] } {
  const last = new Map<string, Approval>();
  for (const { data } of events) if (data.approval) last.set(data.approval.id, data.approval);
  const all = [...last.values()];
  return {
    asked: all.filter(({ status }) => status === "pending"),
    settled: all.filter(({ status }) => status !== "pending").map(({ id }) => id),
  };
}
