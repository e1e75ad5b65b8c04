/** Applies events to every cached job and approval, and refetches what events do not carry. */
import type { InfiniteData, QueryClient, QueryKey } from "@tanstack/react-query";
import { queryKeys } from "@/api/query-keys";
import type { Approval, ApprovalPage, Job, JobPage, LiveEvent } from "@/api/types";
import { DebouncedRefetch } from "./debounced-refetch";
import { type Failures, withFailureEvent } from "./failures";
import { applyToJob, isLogEvent } from "./jobs";

const REFETCH_DELAY_MS = 300;

export class WorkCache {
  private readonly refetch: DebouncedRefetch;

  constructor(private readonly queries: QueryClient) {
    this.refetch = new DebouncedRefetch(queries, REFETCH_DELAY_MS);
  }

  apply(events: readonly LiveEvent[]): void {
    for (const event of events) {
      const { type, job_id: id } = event;
      if (type === "app_ready") this.refresh(queryKeys.apps);
      if (event.data.approval) this.putApproval(event.data.approval);
      this.applyToFailures(event);
      if (type.startsWith("finding_")) this.refresh(queryKeys.findings);
      const { job_usage: usage } = event.data;
      if (id && usage) this.queries.setQueryData<Job>(queryKeys.job(id), (old) => old && { ...old, usage });
      if (!id || !type.startsWith("job_")) continue;
      this.queries.setQueryData<Job>(queryKeys.job(id), (old) => old && applyToJob(old, event));
      this.queries.setQueriesData<JobPage | InfiniteData<JobPage>>({ queryKey: queryKeys.jobs }, (old) =>
        old && "pages" in old
          ? { ...old, pages: old.pages.map((page) => withEvent(page, id, event)) }
          : old && withEvent(old, id, event),
      );
      if (isLogEvent(event)) continue;
      this.refresh(queryKeys.job(id));
      if (type !== "job_stage") this.refresh(queryKeys.jobs);
    }
  }

  /** Only from the workflow's stream, which is in order: the job's stream has the same events, earlier or later. */
  private applyToFailures(event: LiveEvent): void {
    if (!event.stream.startsWith("workflow:") || (event.type !== "ticket_reopened" && !event.job_id)) return;
    const key = [...queryKeys.failures, event.workflow_id];
    const state = this.queries.getQueryState(key);
    if (!state) return;
    this.queries.setQueryData<Failures>(key, (old) => old && withFailureEvent(old, event));
    // An answer that is under way may be older than this event. What a reopened ticket failed at was not looked up.
    if (event.type === "ticket_reopened" || (state.fetchStatus === "fetching" && !isLogEvent(event))) this.refresh(key);
  }

  /** Stores a job from a response. */
  putJob(job: Job): void {
    this.queries.setQueryData<Job>(queryKeys.job(job.job_id), job);
    this.refresh(queryKeys.jobs);
  }

  /** Stores an approval in every cached list that contains it. */
  putApproval(approval: Approval): void {
    const put = (page: ApprovalPage): ApprovalPage => ({
      ...page,
      approvals: page.approvals.map((other) => (other.id === approval.id ? approval : other)),
    });
    this.queries.setQueriesData<ApprovalPage | InfiniteData<ApprovalPage>>(
      { queryKey: queryKeys.approvals },
      (old) => old && ("pages" in old ? { ...old, pages: old.pages.map(put) } : put(old)),
    );
    this.refresh(queryKeys.approvals);
  }

  /** Refetches everything, for when events may have been missed. */
  refreshAll(): void {
    const { jobs, failures, findings, apps, approvals } = queryKeys;
    for (const key of [jobs, failures, findings, apps, approvals, ["my-work"]]) this.refresh(key);
  }

  refresh(queryKey: QueryKey): void {
    this.refetch.schedule(queryKey);
  }
}

function withEvent(page: JobPage, id: string, event: LiveEvent): JobPage {
  if (!page.jobs.some(({ job_id }) => job_id === id)) return page;
  if (event.type === "job_deleted") return { ...page, jobs: page.jobs.filter(({ job_id }) => job_id !== id) };
  return { ...page, jobs: page.jobs.map((job) => (job.job_id === id ? applyToJob(job, event) : job)) };
}
