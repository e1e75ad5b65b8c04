import { useEffect, useRef } from "react";
import type { JobSummary, LiveEvent } from "@/api/types";
import { useLive } from "@/live/context";
import { toast } from "@/ui/toast";

interface Props {
  onOpen: (workflowId: string, jobId: string) => void;
}

const MAX_TOASTS = 3;

/** Shows a toast when a job of the open workflow fails. */
export function JobToasts({ onOpen }: Props) {
  const live = useLive();
  const open = useRef(onOpen);
  useEffect(() => {
    open.current = onOpen;
  });
  useEffect(
    () =>
      live.onEvents((_, events) => {
        const failed = failedJobs(events);
        for (const job of failed.slice(0, MAX_TOASTS)) {
          toast.error(`Job “${job.title}” failed`, {
            id: `failed-${job.job_id}`,
            description: job.error ?? undefined,
            duration: 10_000,
            action: { label: "View job", onClick: () => open.current(job.workflow_id, job.job_id) },
          });
        }
        if (failed.length > MAX_TOASTS) toast.error(`${failed.length - MAX_TOASTS} more jobs failed`);
      }),
    [live],
  );
  return null;
}

/** Jobs whose last status in the batch is failed, each once. */
export function failedJobs(events: readonly LiveEvent[]): JobSummary[] {
  const last = new Map<string, JobSummary>();
  for (const { type, data } of events) if (type === "job_status" && data.job) last.set(data.job.job_id, data.job);
  return [...last.values()].filter(({ status }) => status === "failed");
}
