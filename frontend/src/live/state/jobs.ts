/** The open jobs of a board, and the effect of events on a job. Pure. */
import type { Job, JobStatus, JobSummary, LiveEvent } from "@/api/types";

const ENDED: ReadonlySet<JobStatus> = new Set(["succeeded", "failed", "cancelled"]);

export function hasEnded(status: JobStatus): boolean {
  return ENDED.has(status);
}

export type OpenJobs = ReadonlyMap<string, JobSummary>;

export function openJobs(jobs: readonly JobSummary[] | undefined): OpenJobs {
  return new Map((jobs ?? []).map((job) => [job.job_id, job]));
}

/** The jobs after an event; the same map if the event concerns none of them. */
export function withJobEvent(jobs: OpenJobs, { type, job_id, data }: LiveEvent): OpenJobs {
  if (type === "job_deleted") {
    if (!job_id || !jobs.has(job_id)) return jobs;
    const rest = new Map(jobs);
    rest.delete(job_id);
    return rest;
  }
  const { job } = data;
  if (!job) return jobs;
  const next = new Map(jobs);
  if (hasEnded(job.status)) next.delete(job.job_id);
  else next.set(job.job_id, job);
  return next;
}

/** A card shows one of its ticket's jobs: the one with the lowest value. Jobs that wait for a person come first. */
const DISPLAY_ORDER: Partial<Record<JobStatus, number>> = {
  waiting: 0,
  running: 1,
  paused: 2,
  queued: 3,
  collecting: 4,
};

export function selectJobByTicket(jobs: OpenJobs): ReadonlyMap<string, JobSummary> {
  const shown = new Map<string, JobSummary>();
  for (const job of jobs.values()) {
    if (!job.ticket_id) continue;
    const other = shown.get(job.ticket_id);
    if (!other || displayOrder(job) < displayOrder(other)) shown.set(job.ticket_id, job);
  }
  return shown;
}

function displayOrder({ status }: JobSummary): number {
  return DISPLAY_ORDER[status] ?? 9;
}

/** Frequent events that do not change a ticket. */
const LOG_EVENTS: ReadonlySet<string> = new Set([
  "job_progress",
  "job_message",
  "job_message_deleted",
  "usage_reported",
]);

export function isLogEvent({ type }: LiveEvent): boolean {
  return LOG_EVENTS.has(type);
}

/**
 * Applies an event to a job. Fields that the event does not carry keep their value. Each change arrives on the
 * workflow's stream and on the job's, so an event older than the job is skipped.
 */
export function applyToJob(job: Job, event: LiveEvent): Job {
  const { data } = event;
  if (data.job && data.job.updated_at < job.updated_at) return job;
  const next = data.job ? { ...job, ...data.job } : job;
  if (event.type !== "job_updated") return next;
  const { cancel_requested, initial_prompt } = data;
  return {
    ...next,
    cancel_requested: typeof cancel_requested === "boolean" ? cancel_requested : next.cancel_requested,
    initial_prompt:
      typeof initial_prompt === "string" && !next.initial_prompt.startsWith(initial_prompt)
        ? initial_prompt
        : next.initial_prompt,
  };
}
