/** Job actions of a user. They run at once, with undo where there is an inverse; stopping or deleting a job asks first. */
import { useMemo } from "react";
import { explain, jobs } from "@/api";
import type { Job, JobAction, JobSummary } from "@/api/types";
import { ACTION_RESULTS } from "@/entities/job/actions";
import { useLive } from "@/live/context";
import { hasEnded } from "@/live/state/jobs";
import { announce } from "@/ui/announcer";
import { confirm } from "@/ui/prompt-dialog";
import { toast } from "@/ui/toast";

type Subject = Pick<JobSummary, "job_id" | "title" | "status"> & { lease_expires_at?: string | null };

export function useJobActions() {
  const live = useLive();
  return useMemo(() => {
    const send = async (job: Subject, action: JobAction): Promise<Job | null> => {
      try {
        const now = await jobs.act(job.job_id, action);
        live.work.putJob(now);
        return now;
      } catch (error) {
        toast.error(`Could not update “${job.title}”`, { description: explain(error), duration: 8_000 });
        return null;
      }
    };
    const run = async (job: Subject, action: JobAction): Promise<void> => {
      if (action === "cancel" && job.status !== "queued") {
        const yes = await confirm({
          title: `Cancel “${job.title}”?`,
          description: job.lease_expires_at
            ? "The worker is asked to stop. Completed work is kept."
            : "No worker will run it. You can retry it later.",
          submit: "Cancel job",
        });
        if (!yes) return;
      }
      const now = await send(job, action);
      if (!now) return;
      const result = now.cancel_requested && !hasEnded(now.status) ? "stopping" : ACTION_RESULTS[action];
      const inverse = UNDO[action];
      const undo =
        inverse && !now.cancel_requested ? { label: "Undo", onClick: () => void send(job, inverse) } : undefined;
      toast(`“${job.title}” ${result}`, { action: undo });
      announce(`Job ${result}.`);
    };
    const remove = async (job: Subject): Promise<boolean> => {
      const yes = await confirm({
        title: `Delete “${job.title}”?`,
        description: hasEnded(job.status)
          ? "Its transcript is deleted too. The ticket is kept."
          : "It is cancelled first. Its transcript is deleted too. The ticket is kept.",
        submit: "Delete job",
      });
      if (!yes) return false;
      try {
        await jobs.remove(job.job_id);
        live.work.refreshAll();
        toast.success("Job deleted");
        return true;
      } catch (error) {
        toast.error("Could not delete the job", { description: explain(error), duration: 8_000 });
        return false;
      }
    };
    return { run, remove };
  }, [live]);
}

const UNDO: Partial<Record<JobAction, JobAction>> = { pause: "resume", resume: "pause", cancel: "retry" };
