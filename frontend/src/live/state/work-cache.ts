/** Brings cached jobs forward by events, wherever in the cache they stand; reads anew what events do not carry. */
import type { InfiniteData, QueryClient, QueryKey } from "@tanstack/react-query";
import { queryKeys } from "@/api/query-keys";
import type { Approval, ApprovalPage, Job, JobPage, LiveEvent } from "@/api/types";
import { applyToJob, isChatter } from "./jobs";

/** Read again this long after the last of a burst. */
const REFRESH_MS = 300;

export class WorkCache {
  private readonly stale = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(private readonly queries: QueryClient) {}

  apply(events: readonly LiveEvent[]): void {
    for (const event of events) {
      const { type, job_id: id } = event;
      if (type === "app_ready") this.refresh(queryKeys.apps);
      if (event.data.approval) this.putApproval(event.data.approval);
      if (!id || !type.startsWith("job_")) continue;
      this.queries.setQueryData<Job>(queryKeys.job(id), (old) => old && applyToJob(old, event));
      this.queries.setQueriesData<JobPage | InfiniteData<JobPage>>({ queryKey: queryKeys.jobs }, (old) =>
        old && "pages" in old
          ? { ...old, pages: old.pages.map((page) => patched(page, id, event)) }
          : old && patched(old, id, event),
      );
      if (isChatter(event)) continue;
      this.refresh(queryKeys.job(id));
      if (type !== "job_stage") this.refresh(queryKeys.jobs);
    }
  }

  /** A job as the server has just answered it. */
  put(job: Job): void {
    this.queries.setQueryData<Job>(queryKeys.job(job.job_id), job);
    this.refresh(queryKeys.jobs);
  }

  /** A question as it stands now, wherever it is listed. */
  putApproval(approval: Approval): void {
    const put = (page: ApprovalPage): ApprovalPage => ({
      ...page,
      approvals: page.approvals.map((one) => (one.id === approval.id ? approval : one)),
    });
    this.queries.setQueriesData<ApprovalPage | InfiniteData<ApprovalPage>>(
      { queryKey: queryKeys.approvals },
      (old) => old && ("pages" in old ? { ...old, pages: old.pages.map(put) } : put(old)),
    );
    this.refresh(queryKeys.approvals);
  }

  /** After a new beginning: events may have been missed. */
  refreshAll(): void {
    for (const key of [queryKeys.jobs, queryKeys.apps, queryKeys.approvals]) this.refresh(key);
  }

  refresh(queryKey: QueryKey): void {
    const name = queryKey.join("\n");
    clearTimeout(this.stale.get(name));
    this.stale.set(
      name,
      setTimeout(() => {
        this.stale.delete(name);
        void this.queries.invalidateQueries({ queryKey });
      }, REFRESH_MS),
    );
  }
}

function patched(page: JobPage, id: string, event: LiveEvent): JobPage {
  if (!page.jobs.some(({ job_id }) => job_id === id)) return page;
  if (event.type === "job_deleted") return { ...page, jobs: page.jobs.filter(({ job_id }) => job_id !== id) };
  return { ...page, jobs: page.jobs.map((job) => (job.job_id === id ? applyToJob(job, event) : job)) };
}
