/** The keys of the query cache, shared by the pages and the live updates. */
import type { ReportQuery } from "./reports";
import type { SearchRequest } from "./types";

export const queryKeys = {
  authOptions: ["auth-options"] as const,
  sessions: ["sessions"] as const,
  apiKeys: ["api-keys"] as const,
  agents: ["agents"] as const,
  agentSetup: ["agent-setup"] as const,
  memberships: (agentId: string) => ["memberships", agentId] as const,
  invitations: ["invitations"] as const,
  sentInvitations: (workflowId: string) => ["sent-invitations", workflowId] as const,
  users: ["users"] as const,
  templates: ["board-templates"] as const,
  workflows: ["workflows"] as const,
  members: (workflowId: string) => ["members", workflowId] as const,
  milestones: (workflowId: string) => ["milestones", workflowId] as const,
  reports: (workflowId: string) => ["reports", workflowId] as const,
  report: (name: string, query: ReportQuery) => ["reports", query.workflow_id, name, query] as const,
  board: (workflowId: string) => ["board", workflowId] as const,
  pastBoard: (workflowId: string, at: string) => ["past-board", workflowId, at] as const,
  boardEvent: (workflowId: string, epoch: string, seq: number) => ["board-event", workflowId, epoch, seq] as const,
  boardChanges: (workflowId: string, from: string, to: string | undefined) =>
    ["board-changes", workflowId, from, to ?? null] as const,
  workflow: (workflowId: string) => ["workflow", workflowId] as const,
  search: (request: SearchRequest) => ["search", request.workflow_id, request] as const,
  savedSearches: (workflowId: string) => ["saved-searches", workflowId] as const,
  recentSearches: (workflowId: string) => ["recent-searches", workflowId] as const,
  similar: (workflowId: string, title: string, description: string) =>
    ["similar", workflowId, title, description] as const,
  related: (ticketId: string) => ["related", ticketId] as const,
  commitDiff: (workflowId: string, sha: string) => ["commit-diff", workflowId, sha] as const,
  home: ["home"] as const,
  jobs: ["jobs"] as const,
  job: (jobId: string) => ["job", jobId] as const,
  approvals: ["approvals"] as const,
  apps: ["apps"] as const,
  webhooks: (workflowId: string) => ["webhooks", workflowId] as const,
  deliveries: (webhookId: string) => ["deliveries", webhookId] as const,
  deadLetters: (webhookId: string) => ["dead-letters", webhookId] as const,
  securityEvents: (workflowId: string | null, kind: string | null) => ["security-events", workflowId, kind] as const,
  ticket: (ticketId: string) => ["ticket", ticketId] as const,
};
