import type { Job, JobAction } from "@/api/types";

/** Actions allowed in a job's status. */
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

/** What a job is after an action. */
export const ACTION_RESULTS: Record<JobAction, string> = {
  continue: "queued",
  pause: "paused",
  resume: "resumed",
  cancel: "cancelled",
  retry: "queued again",
};
