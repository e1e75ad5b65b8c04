/** Workflows and their boards. */
import type { Role } from "./account";
import type { JobSummary } from "./job";
import type { Complete, NonNullableFields, Schemas } from "./schema";
import type { Card } from "./ticket";

export type Category = Schemas["Category"];

export type Column = Omit<
  NonNullableFields<Schemas["Column"]>,
  "color" | "wip_limit" | "previous_id" | "ticket_count"
> & {
  color: string | null;
  wip_limit: number | null;
  ticket_count?: number;
};
export type TicketType = Pick<Schemas["TicketType"], "id" | "icon" | "color"> & { name: string };
export type BoardSettings = NonNullableFields<Schemas["BoardSettings"]> & { require_description: boolean };
export type Transition = Schemas["Transition"];

export type BoardConfig = Omit<
  NonNullableFields<Schemas["BoardConfig"]>,
  "board_id" | "workflow_id" | "columns" | "ticket_types" | "settings"
> & {
  columns: Column[];
  ticket_types: TicketType[];
  settings: BoardSettings;
};

/** A partial update: absent fields keep their value. */
export type BoardChange = Partial<Schemas["BoardConfig"]>;

export interface BoardTemplate {
  id: string;
  board_config: BoardConfig;
}

export type Workflow = Pick<Schemas["Workflow"], "id" | "name" | "description" | "ticket_tracking" | "created_at"> & {
  archived_at: string | null;
  updated_at?: string;
  time_zone?: string;
  role?: Role | null;
  board_config?: BoardConfig;
  board_version?: string | null;
  ticket_count?: number;
};

/** A milestone as boards and events hold it. */
export type Milestone = Pick<
  Complete<Schemas["Milestone"]>,
  "milestone_id" | "name" | "starts_on" | "due_on" | "is_closed"
>;

/** A milestone with how far it is. */
export type MilestoneProgress = Complete<Schemas["Milestone"]>;

/** The response of `GET /api/board/{workflow_id}`, and the board in the socket's snapshots. */
export interface BoardSnapshot {
  epoch: string;
  seq: number;
  workflow: Workflow;
  board_config: BoardConfig;
  milestones?: Milestone[];
  /** Of each done column only the last ones. */
  tickets: Card[];
  /** Done columns with more tickets than `tickets` has, and where the list of those goes on; boards of the past have no lists. */
  left_out?: { status: string; count: number; cursor?: string }[];
  /** Only jobs that have not ended. */
  jobs: JobSummary[];
}

/** What changed between two boards of a workflow, ticket by ticket. */
export type BoardChanges = Schemas["BoardChanges"];
export type TicketDifference = Schemas["TicketDifference"];
