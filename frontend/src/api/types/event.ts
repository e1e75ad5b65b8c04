/** History events, in the same shape from the socket, the events endpoints and the history of a ticket. */
import type { Approval } from "./approval";
import type { BoardConfig, Milestone } from "./board";
import type { Finding } from "./finding";
import type { App, JobSummary, Message, UsageTotals } from "./job";
import type { Card, Comment, Commit } from "./ticket";

export interface LiveEvent {
  type: string;
  workflow_id: string;
  ticket_id: string | null;
  job_id?: string | null;
  agent_id: string | null;
  data: EventData;
  timestamp: string;
  stream: string;
  seq: number;
  epoch: string;
  prev?: number | null;
}

export interface EventData {
  changes?: Partial<Card>;
  ticket?: Card & { description?: string };
  board_config?: BoardConfig;
  milestone?: Milestone;
  comment?: Comment;
  commit?: Commit;
  job?: JobSummary;
  message?: Message | string;
  app?: App;
  approval?: Approval;
  finding?: Finding;
  job_usage?: UsageTotals | null;
  ticket_usage?: UsageTotals | null;
  old_status?: string;
  new_status?: string;
  [key: string]: unknown;
}

export interface EventPage {
  epoch: string;
  events: LiveEvent[];
  last_seq: number;
  has_more: boolean;
}
