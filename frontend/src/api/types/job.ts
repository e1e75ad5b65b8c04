/** Jobs, their transcripts and what comes out of them. */
import type { components } from "../schema.gen";
import type { Whole } from ".";

type Schemas = components["schemas"];

export type JobStatus = Schemas["JobStatus"];
/** A job in short: what boards and events carry. */
export type JobSummary = Whole<Schemas["JobSummary"]>;
export type Job = Whole<Schemas["Job"]>;
export type JobPage = { jobs: Job[]; has_more: boolean; next_cursor?: string | null };
export type NewJob = Schemas["CreateJob"];
export type JobChange = Schemas["UpdateJob"];
/** What a person does to a job as a whole. */
export type JobAction = "continue" | "pause" | "resume" | "cancel" | "retry";

export type MessageKind = Schemas["MessageKind"];
export type Message = Whole<Schemas["Message"]>;
export type MessagePage = { messages: Message[]; has_more: boolean };

export type App = Whole<Schemas["App"]>;
/** In lists, without its texts. */
export type AppEntry = Whole<Schemas["ListedApp"]>;
