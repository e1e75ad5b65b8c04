/** Filters of the job list, kept in the URL so that a view can be shared. */
import type { JobStatus } from "@/api/types";
import { JOB_STATUSES } from "@/entities/job/job-status";

/** A group of statuses or a single one. */
export type StatusFilter = "open" | "ended" | JobStatus;

export interface JobListState {
  show?: StatusFilter;
  q?: string;
  mine?: boolean;
}

export const STATUS_GROUPS: Record<"open" | "ended", readonly JobStatus[]> = {
  open: ["collecting", "queued", "running", "paused", "waiting"],
  ended: ["succeeded", "failed", "cancelled"],
};

export function readJobListState(search: Record<string, unknown>): JobListState {
  const state: JobListState = {};
  const { show, q, mine } = search;
  if (show === "open" || show === "ended" || JOB_STATUSES.includes(show as JobStatus))
    state.show = show as StatusFilter;
  if ((typeof q === "string" && q !== "") || typeof q === "number") state.q = String(q);
  if (mine === true || mine === "true") state.mine = true;
  return state;
}

export function statusesOf(show: StatusFilter | undefined): readonly JobStatus[] | undefined {
  if (!show) return undefined;
  return show === "open" || show === "ended" ? STATUS_GROUPS[show] : [show];
}
