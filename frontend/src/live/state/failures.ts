/**
 * Failed jobs that nobody has dealt with: until they are retried or deleted, or another job of their ticket is queued. Pure,
 * and derived from the server's state alone, so that everybody sees the same.
 */
import type { Job, JobSummary, LiveEvent } from "@/api/types";

export interface Failure {
  readonly kind: "failed";
  readonly job: JobSummary;
  readonly at: string;
}

/** By job. */
export type Failures = ReadonlyMap<string, Failure>;

type Times = Pick<Job, "queued_at" | "finished_at">;

/** The failures in a list of jobs: those after which no other job of the ticket was queued. */
export function failuresOf<J extends JobSummary & Times>(jobs: readonly J[]): Failures {
  const queued = new Map<string, J[]>();
  for (const job of jobs) {
    if (!job.ticket_id) continue;
    const others = queued.get(job.ticket_id);
    if (others) others.push(job);
    else queued.set(job.ticket_id, [job]);
  }
  const failures = new Map<string, Failure>();
  for (const job of jobs) {
    if (job.status !== "failed") continue;
    const at = job.finished_at ?? job.updated_at;
    const others = (job.ticket_id && queued.get(job.ticket_id)) || [];
    if (others.some((other) => other !== job && other.queued_at !== null && other.queued_at > at)) continue;
    failures.set(job.job_id, { kind: "failed", job, at });
  }
  return failures;
}

/** The failures after an event of the workflow's stream; the same map if it concerns none of them. */
export function withFailureEvent(failures: Failures, { type, job_id, data, timestamp }: LiveEvent): Failures {
  const { job } = data;
  if (type === "job_deleted") return job_id ? without(failures, ({ job: other }) => other.job_id === job_id) : failures;
  if (!job) return failures;
  const known = failures.get(job.job_id);
  if (job.status === "failed") {
    if (known && known.job.updated_at >= job.updated_at) return failures;
    return new Map(failures).set(job.job_id, { kind: "failed", job, at: known?.at ?? timestamp });
  }
  const queued = job.status === "queued" && type === "job_status";
  return without(
    failures,
    ({ job: other, at }) =>
      other.job_id === job.job_id ||
      (queued && other.ticket_id !== null && other.ticket_id === job.ticket_id && at < timestamp),
  );
}

function without(failures: Failures, ended: (failure: Failure) => boolean): Failures {
  const rest = [...failures].filter(([, failure]) => !ended(failure));
  return rest.length === failures.size ? failures : new Map(rest);
}
