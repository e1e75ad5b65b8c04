/** Jobs, their transcripts, and the apps that they specify. */
import { client, unwrap } from "./http";
import type {
  App,
  AppSummary,
  EventPage,
  Job,
  JobAction,
  JobChange,
  JobPage,
  JobStatus,
  Message,
  MessagePage,
  NewJob,
} from "./types";

const jobPath = (id: string) => ({ params: { path: { id } } });
/** An order after the last message of any transcript. */
const END = Number.MAX_SAFE_INTEGER;

export interface JobQuery {
  workflow_id?: string;
  ticket_id?: string;
  status?: readonly JobStatus[];
  title?: string;
  mine?: boolean;
  limit?: number;
  cursor?: string;
}

export const jobs = {
  list: ({ status, ...rest }: JobQuery, signal?: AbortSignal) =>
    unwrap(
      client.GET("/api/jobs", { params: { query: { ...rest, status: status?.join(",") || undefined } }, signal }),
    ) as Promise<JobPage>,
  get: (id: string, signal?: AbortSignal) =>
    unwrap(client.GET("/api/jobs/{id}", { ...jobPath(id), signal })) as Promise<Job>,
  create: (body: NewJob, idempotencyKey: string) =>
    unwrap(
      client.POST("/api/jobs", { params: { header: { "Idempotency-Key": idempotencyKey } }, body }),
    ) as Promise<Job>,
  update: (id: string, body: JobChange) =>
    unwrap(client.PATCH("/api/jobs/{id}", { ...jobPath(id), body })) as Promise<Job>,
  remove: (id: string) => unwrap(client.DELETE("/api/jobs/{id}", jobPath(id))),
  act: (id: string, action: JobAction) => ACTIONS[action](id) as Promise<Job>,
  purge: () => unwrap(client.POST("/api/jobs/purge")),
  events: (id: string, since: number, epoch: string | undefined, limit = 500) =>
    unwrap(
      client.GET("/api/jobs/{id}/events", { params: { path: { id }, query: { since, epoch, limit } } }),
    ) as Promise<EventPage>,
};

const ACTIONS: Record<JobAction, (id: string) => Promise<unknown>> = {
  continue: (id) => unwrap(client.POST("/api/jobs/{id}/continue", { ...jobPath(id), body: {} })),
  pause: (id) => unwrap(client.POST("/api/jobs/{id}/pause", { ...jobPath(id), body: {} })),
  resume: (id) => unwrap(client.POST("/api/jobs/{id}/resume", { ...jobPath(id), body: {} })),
  cancel: (id) => unwrap(client.POST("/api/jobs/{id}/cancel", { ...jobPath(id), body: {} })),
  retry: (id) => unwrap(client.POST("/api/jobs/{id}/retry", { ...jobPath(id), body: {} })),
};

export const messages = {
  /** The page of messages that ends before `before`. Defaults to the newest page. */
  before: (job_id: string, before: number | undefined, limit: number, signal?: AbortSignal) =>
    unwrap(
      client.GET("/api/job-messages", { params: { query: { job_id, before: before ?? END, limit } }, signal }),
    ) as Promise<MessagePage>,
  after: (job_id: string, after: number, limit: number, signal?: AbortSignal) =>
    unwrap(
      client.GET("/api/job-messages", { params: { query: { job_id, after, limit } }, signal }),
    ) as Promise<MessagePage>,
  post: (job_id: string, content: string) =>
    unwrap(client.POST("/api/job-messages", { body: { job_id, content } })) as Promise<Message>,
  remove: (id: string) => unwrap(client.DELETE("/api/job-messages/{id}", { params: { path: { id } } })),
};

export const apps = {
  list: (workflow_id: string, cursor: string | undefined, signal?: AbortSignal) =>
    unwrap(client.GET("/api/apps", { params: { query: { workflow_id, limit: 50, cursor } }, signal })) as Promise<{
      apps: AppSummary[];
      has_more: boolean;
      next_cursor?: string | null;
    }>,
  get: (id: string, signal?: AbortSignal) =>
    unwrap(client.GET("/api/apps/{id}", { params: { path: { id } }, signal })) as Promise<App>,
};
