/** The server's API as functions, one object per resource. */
export { agents, auth, invitations, invites, keys, MIN_PASSWORD_LENGTH } from "./accounts";
export { server, users } from "./administration";
export { approvals } from "./approvals";
export { findings } from "./findings";
export { home } from "./home";
export { imports } from "./imports";
export { apps, jobs, messages } from "./jobs";
export { milestones } from "./milestones";
export { explain, fieldMessage, isNotFound, Problem } from "./problem";
export { reports } from "./reports";
export { search, searches } from "./search";
export { securityEvents } from "./security-events";
export { type SessionState, session } from "./session";
export { comments, tickets } from "./tickets";
export type * from "./types";
export { usage } from "./usage";
export { webhooks } from "./webhooks";
export { board, workflows } from "./workflows";
