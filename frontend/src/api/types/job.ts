/** Jobs, their transcripts, and the apps that they specify. */
import type { Complete, Schemas } from "./schema";

export type JobStatus = Schemas["JobStatus"];
/** The part of a job that boards and events carry. */
export type JobSummary = Pick<
  Job,
  | "agent_id"
  | "attempt"
  | "error"
  | "job_id"
  | "job_type"
  | "max_attempts"
  | "no_worker"
  | "progress"
  | "progress_message"
  | "stage"
  | "stages"
  | "status"
  | "ticket_id"
  | "title"
  | "updated_at"
  | "worker"
  | "workflow_id"
>;
export type Job = Complete<Omit<Schemas["Job"], "no_worker" | "usage">> & {
  no_worker?: boolean;
  /** What it used; only when one job is read. */
  usage?: UsageTotals;
};
/** Tokens and costs, as reported; null where nothing was. */
export type UsageTotals = Complete<Schemas["UsageTotals"]>;
export type JobPage = { jobs: Job[]; has_more: boolean; next_cursor?: string | null };
export type NewJob = Schemas["CreateJob"];
export type JobChange = Schemas["UpdateJob"];
/** Actions of a person on a whole job. */
export type JobAction = "continue" | "pause" | "resume" | "cancel" | "retry";

export type MessageKind = Schemas["MessageKind"];
export type Message = Complete<Schemas["Message"]>;
export type MessagePage = { messages: Message[]; has_more: boolean };

export type App = Complete<Schemas["App"]>;
/** An app in a list, without its specification and PRD. */
export type AppSummary = Complete<Schemas["ListedApp"]>;
