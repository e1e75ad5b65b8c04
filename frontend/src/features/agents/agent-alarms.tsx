import { useEffect, useRef } from "react";
import type { Finding, LiveEvent } from "@/api/types";
import { useLive } from "@/live/context";
import { toast } from "@/ui/toast";

interface Props {
  onOpen: (workflowId: string) => void;
}

const MAX_TOASTS = 3;

/** Raises an alarm when an agent of the open workflow falls silent, and when no worker takes its jobs. */
export function AgentAlarms({ onOpen }: Props) {
  const live = useLive();
  const open = useRef(onOpen);
  useEffect(() => {
    open.current = onOpen;
  });
  useEffect(
    () =>
      live.onEvents((_, events) => {
        for (const finding of alarms(events).slice(0, MAX_TOASTS)) {
          toast.error(finding.kind === "agent_silent" ? "An agent is silent" : "No worker takes a job", {
            id: `finding-${finding.kind}-${finding.agent_id ?? finding.job_type}`,
            description: finding.message,
            duration: 10_000,
            action: { label: "View agents", onClick: () => open.current(finding.workflow_id) },
          });
        }
      }),
    [live],
  );
  return null;
}

/** The findings of a batch that begin and that are an alarm. */
export function alarms(events: readonly LiveEvent[]): Finding[] {
  const found = events.flatMap(({ type, data }) => (type === "finding_opened" && data.finding ? [data.finding] : []));
  return found.filter(({ kind }) => kind === "agent_silent" || kind === "job_without_worker");
}
