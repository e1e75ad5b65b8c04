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

export const approvals = {
  list: (query: ApprovalQuery, signal?: AbortSignal) =>
    unwrap(client.GET("/api/approvals", { params: { query }, signal })) as Promise<ApprovalPage>,
  decide: (id: string, decision: Decision, body: DecisionInput) => DECISIONS[decision](id, body) as Promise<Approval>,
  withdraw: (id: string) =>
    unwrap(client.POST("/api/approvals/{id}/withdraw", { ...approvalPath(id), body: {} })) as Promise<Approval>,
  requestReview: (ticket_id: string, comment?: string) =>
    unwrap(client.POST("/api/tickets/request-review", { body: { ticket_id, comment } })),
};

const DECISIONS: Record<Decision, (id: string, body: DecisionInput) => Promise<unknown>> = {
  approve: (id, body) => unwrap(client.POST("/api/approvals/{id}/approve", { ...approvalPath(id), body })),
  reject: (id, body) => unwrap(client.POST("/api/approvals/{id}/reject", { ...approvalPath(id), body })),
  answer: (id, body) => unwrap(client.POST("/api/approvals/{id}/answer", { ...approvalPath(id), body })),
};
