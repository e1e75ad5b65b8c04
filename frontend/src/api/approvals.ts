/** Approvals: list, decide, withdraw, and request a review. */
import { client, unwrap } from "./http";
import type { Approval, ApprovalPage, Decision, DecisionInput } from "./types";

const approvalPath = (id: string) => ({ params: { path: { id } } });

export interface ApprovalQuery {
  workflow_id?: string;
  ticket_id?: string;
  job_id?: string;
  status?: string;
  limit?: number;
  cursor?: string;
}

export interface DecideOptions {
  key: string;
  keepalive: boolean;
}

export const approvals = {
  list: (query: ApprovalQuery, signal?: AbortSignal) =>
    unwrap(client.GET("/api/approvals", { params: { query }, signal })) as Promise<ApprovalPage>,
  get: (id: string, signal?: AbortSignal) =>
    unwrap(client.GET("/api/approvals/{id}", { ...approvalPath(id), signal })) as Promise<Approval>,
  /** With the same key, it is carried out once. With `keepalive`, it outlives the page. */
  decide: (id: string, decision: Decision, body: DecisionInput, options: DecideOptions) =>
    DECISIONS[decision](id, body, options) as Promise<Approval>,
  withdraw: (id: string) =>
    unwrap(client.POST("/api/approvals/{id}/withdraw", { ...approvalPath(id), body: {} })) as Promise<Approval>,
  requestReview: (ticket_id: string, comment?: string) =>
    unwrap(client.POST("/api/tickets/request-review", { body: { ticket_id, comment } })),
};

const withOptions = (id: string, { key, keepalive }: DecideOptions) => ({
  params: { path: { id }, header: { "Idempotency-Key": key } },
  keepalive,
});

const DECISIONS: Record<Decision, (id: string, body: DecisionInput, options: DecideOptions) => Promise<unknown>> = {
  approve: (id, body, options) =>
    unwrap(client.POST("/api/approvals/{id}/approve", { ...withOptions(id, options), body })),
  reject: (id, body, options) =>
    unwrap(client.POST("/api/approvals/{id}/reject", { ...withOptions(id, options), body })),
  answer: (id, body, options) =>
    unwrap(client.POST("/api/approvals/{id}/answer", { ...withOptions(id, options), body })),
};
