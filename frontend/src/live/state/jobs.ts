/** Open jobs, as boards know them, and how events bring a job forward. Pure. */
import type { Job, JobStatus, JobSummary, LiveEvent } from "@/api/types";

const ENDED: ReadonlySet<JobStatus> = new Set(["succeeded", "failed", "cancelled"]);

export function hasEnded(status: JobStatus): boolean {
  return ENDED.has(status);
}

export type OpenJobs = ReadonlyMap<string, JobSummary>;

export function openJobs(jobs: readonly JobSummary[] | undefined): OpenJobs {
  return new Map((jobs ?? []).map((job) => [job.job_id, job]));
}

/** The jobs after an event, or the same map where it tells nothing of them. */
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

/** Which of a ticket's jobs its card shows: the one that needs a person, else one that runs, else the next. */
const FIRST: Partial<Record<JobStatus, number>> = { waiting: 0, running: 1, paused: 2, queued: 3, collecting: 4 };

export function jobsByTicket(jobs: OpenJobs): ReadonlyMap<string, JobSummary> {
  const shown = new Map<string, JobSummary>();
  for (const job of jobs.values()) {
    if (!job.ticket_id) continue;
    const other = shown.get(job.ticket_id);
    if (!other || rank(job) < rank(other)) shown.set(job.ticket_id, job);
  }
  return shown;
}

function rank({ status }: JobSummary): number {
  return FIRST[status] ?? 9;
}

/** Events that come many times a minute and change nothing of a ticket itself. */
const CHATTER: ReadonlySet<string> = new Set(["job_progress", "job_message", "job_message_deleted"]);

export function isChatter({ type }: LiveEvent): boolean {
  return CHATTER.has(type);
}

/**
 * A job as it is after an event. What the event does not carry stays, to be read anew where it matters. The same news
 * comes by the workflow's stream and by the job's own, so what is older than what is here is passed over.
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
