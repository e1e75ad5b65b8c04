/** What a person does to a job: at once where it can be undone, after a question where it cannot. */
import { useMemo } from "react";
import { toast } from "sonner";
import { explain, jobs } from "@/api";
import type { Job, JobAction, JobSummary } from "@/api/types";
import { useLive } from "@/live/context";
import { hasEnded } from "@/live/jobs";
import { announce } from "@/ui/announcer";
import { confirm } from "@/ui/confirm";

type Subject = Pick<JobSummary, "job_id" | "title" | "status"> & { lease_expires_at?: string | null };

/** What can be done to a job as it stands. */
export function actionsFor(job: Pick<Job, "status"> & { cancel_requested?: boolean }): readonly JobAction[] {
  switch (job.status) {
    case "collecting":
      return ["continue", "cancel"];
    case "queued":
      return ["pause", "cancel"];
    case "running":
      return job.cancel_requested ? [] : ["pause", "cancel"];
    case "paused":
    case "waiting":
      return job.cancel_requested ? [] : ["resume", "cancel"];
    case "failed":
    case "cancelled":
      return ["retry"];
    default:
      return [];
  }
}

const DONE_LABELS: Record<JobAction, string> = {
  continue: "is in the queue",
  pause: "is paused",
  resume: "goes on",
  cancel: "is cancelled",
  retry: "is in the queue again",
};

export function useJobActions() {
  const live = useLive();
  return useMemo(() => {
    const send = async (job: Subject, action: JobAction): Promise<Job | null> => {
      try {
        const now = await jobs.act(job.job_id, action);
        live.work.put(now);
        return now;
      } catch (error) {
        toast.error(`“${job.title}” was not changed`, { description: explain(error), duration: 8_000 });
        return null;
      }
    };
    const run = async (job: Subject, action: JobAction): Promise<void> => {
      if (action === "cancel" && job.status !== "queued") {
        const yes = await confirm({
          title: `Cancel “${job.title}”?`,
          description: job.lease_expires_at
            ? "Its worker is asked to stop. What it has done so far stays as it is."
            : "Nobody will work on it. It can be begun anew later.",
          submit: "Cancel the job",
        });
        if (!yes) return;
      }
      const now = await send(job, action);
      if (!now) return;
      const result = now.cancel_requested && !hasEnded(now.status) ? "is being stopped" : DONE_LABELS[action];
      const inverse = UNDO[action];
      const undo =
        inverse && !now.cancel_requested ? { label: "Undo", onClick: () => void send(job, inverse) } : undefined;
      toast(`“${job.title}” ${result}`, { action: undo });
      announce(`The job ${result}.`);
    };
    const remove = async (job: Subject): Promise<boolean> => {
      const yes = await confirm({
        title: `Delete “${job.title}”?`,
        description: hasEnded(job.status)
          ? "Its transcript goes with it. The ticket stays."
          : "It is cancelled first, and its transcript goes with it. The ticket stays.",
        submit: "Delete the job",
      });
      if (!yes) return false;
      try {
        await jobs.remove(job.job_id);
        live.work.refreshAll();
        toast.success("The job is deleted");
        return true;
      } catch (error) {
        toast.error("The job was not deleted", { description: explain(error), duration: 8_000 });
        return false;
      }
    };
    return { run, remove };
  }, [live]);
}

const UNDO: Partial<Record<JobAction, JobAction>> = { pause: "resume", resume: "pause", cancel: "retry" };
