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
  ticket: (ticketId: string) => ["ticket", ticketId] as const,
};
