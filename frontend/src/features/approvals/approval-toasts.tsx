import { useEffect, useRef } from "react";
import { toast } from "sonner";
import { useMe } from "@/api/hooks";
import type { Approval, LiveEvent } from "@/api/types";
import { useLive } from "@/live/context";
import { announce } from "@/ui/announcer";
import { useMayDecide } from "./use-approvals";

interface Props {
  onAnswer: (approvalId: string) => void;
}

const MOST_TOLD = 3;

export const noticeId = (approvalId: string) => `approval-${approvalId}`;

/** Says when somebody needs an answer, and no more of it once it is given. */
export function ApprovalNotices({ onAnswer }: Props) {
  const live = useLive();
  const me = useMe()?.id;
  const mayDecide = useMayDecide();
  const latest = useRef({ onAnswer, mayDecide });
  useEffect(() => {
    latest.current = { onAnswer, mayDecide };
  });
  useEffect(
    () =>
      live.onEvents((_, events) => {
        const { asked, settled } = news(events);
        for (const id of settled) toast.dismiss(noticeId(id));
        const mine = asked.filter((approval) => approval.asked_by !== me && latest.current.mayDecide(approval));
        for (const { id, asked_by_name, question, ticket_key } of mine.slice(0, MOST_TOLD)) {
          const title = `${asked_by_name ?? "An agent"} needs you${ticket_key ? ` on ${ticket_key}` : ""}`;
          toast.warning(title, {
            id: noticeId(id),
            description: question,
            duration: 12_000,
            action: { label: "Answer", onClick: () => latest.current.onAnswer(id) },
          });
          announce(`${title}: ${question}`);
        }
        if (mine.length > MOST_TOLD) toast.warning(`${mine.length - MOST_TOLD} more questions wait for you`);
      }),
    [live, me],
  );
  return null;
}

/** Of a burst of events, what waits at its end, and what does not any more. */
export function news(events: readonly LiveEvent[]): { asked: Approval[]; settled: string[] } {
  const last = new Map<string, Approval>();
  for (const { data } of events) if (data.approval) last.set(data.approval.id, data.approval);
  const all = [...last.values()];
  return {
    asked: all.filter(({ status }) => status === "pending"),
    settled: all.filter(({ status }) => status !== "pending").map(({ id }) => id),
  };
}
