/** Names of cached answers, in one place so that the live updates and the pages mean the same entries. */
export const queryKeys = {
  authOptions: ["auth-options"] as const,
  sessions: ["sessions"] as const,
  apiKeys: ["api-keys"] as const,
  agents: ["agents"] as const,
  templates: ["board-templates"] as const,
  workflows: ["workflows"] as const,
  members: (workflowId: string) => ["members", workflowId] as const,
  board: (workflowId: string) => ["board", workflowId] as const,
  search: (workflowId: string, query: string) => ["search", workflowId, query] as const,
  commitDiff: (workflowId: string, sha: string) => ["commit-diff", workflowId, sha] as const,
  ticket: (ticketId: string) => ["ticket", ticketId] as const,
};
