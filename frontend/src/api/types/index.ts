/**
 * The shapes the dashboard works with. They are the generated ones, made stricter where the server promises more than
 * OpenAPI can say: answers carry every field, and some strings are one of a few.
 */
import type { components } from "../schema.gen";
import type { Approval } from "./approval";
import type { App, JobSummary, Message } from "./job";

export type * from "./approval";
export type * from "./job";
export type * from "./webhook";

type Schemas = components["schemas"];
/** Answers always carry every field; that a nullable one is there is not in the schema. */
export type Whole<T> = { [Field in keyof T]-?: T[Field] };
/** Answers to questions about a board carry the whole board; in requests all of it may be left out. */
type Given<T> = { [Field in keyof T]-?: NonNullable<T[Field]> };

export type Priority = Schemas["Priority"];
export type Category = Schemas["Category"];
export type Role = Schemas["Role"];

export interface User {
  id: string;
  email?: string | null;
  name: string;
  is_admin: boolean;
}

/** Tokens; `user` comes with a sign-in. */
export type Tokens = Pick<Schemas["SignedIn"], "access" | "expires_in"> & { user?: User };

export type AuthOptions = Omit<Schemas["Options"], "registration"> & { registration: "open" | "invite" | "off" };

export type Column = Omit<Given<Schemas["Column"]>, "color" | "wip_limit" | "previous_id" | "ticket_count"> & {
  color: string | null;
  wip_limit: number | null;
  ticket_count?: number;
};
export type TicketType = Pick<Schemas["TicketType"], "id" | "icon" | "color"> & { name: string };
export type BoardSettings = Given<Schemas["BoardSettings"]>;
export type Transition = Schemas["Transition"];

export type BoardConfig = Omit<
  Given<Schemas["BoardConfig"]>,
  "board_id" | "workflow_id" | "columns" | "ticket_types" | "settings"
> & {
  columns: Column[];
  ticket_types: TicketType[];
  settings: BoardSettings;
};

/** A board as it shall be: what is left out stays. */
export type BoardChange = Partial<Schemas["BoardConfig"]>;

export type Workflow = Pick<Schemas["Workflow"], "id" | "name" | "description" | "ticket_tracking" | "created_at"> & {
  archived_at: string | null;
  updated_at?: string;
  role?: Role | null;
  board_config?: BoardConfig;
  ticket_count?: number;
};

export type Card = Omit<Whole<Schemas["Card"]>, "description">;

/** `GET /api/board/{workflow_id}`, and the board inside the socket's snapshots. */
export interface BoardSnapshot {
  epoch: string;
  seq: number;
  workflow: Workflow;
  board_config: BoardConfig;
  tickets: Card[];
  /** Those that have not ended. */
  jobs: JobSummary[];
}

export type TicketRef = Pick<Schemas["TicketRef"], "ticket_id" | "key" | "title" | "status" | "is_resolved">;
export type Reaction = Schemas["Reaction"];
export type Comment = Whole<Schemas["Comment"]>;
export type HistoryEntry = Whole<Schemas["HistoryEntry"]>;
export type Commit = Whole<Schemas["LinkedCommit"]>;

export type TicketDetail = Card & {
  description: string;
  /** The ticket that this one is a duplicate of, once it has been merged. */
  merged_into: TicketRef | null;
  duplicates: TicketRef[];
  comments: Comment[];
  history: HistoryEntry[];
  commits: Commit[];
  related_tickets: TicketRef[];
  parent_ticket: TicketRef | null;
  sub_tickets: TicketRef[];
  blocks: TicketRef[];
  blocked_by: TicketRef[];
};

/** One committed change, as the socket, the events endpoint and history all tell it. */
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
  comment?: Comment;
  commit?: Commit;
  job?: JobSummary;
  message?: Message | string;
  app?: App;
  approval?: Approval;
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

export type Position = { before?: string; after?: string };

export type Member = Omit<Whole<Schemas["Member"]>, "kind" | "role"> & { kind: ActorKind; role: Role };
export type Agent = Pick<Schemas["Actor"], "id" | "name"> & { kind: ActorKind };
export type ActorKind = "user" | "agent" | "service";

export type ApiKey = Whole<Schemas["ApiKey"]>;
export type Session = Whole<Schemas["Session"]>;

export interface BoardTemplate {
  id: string;
  board_config: BoardConfig;
}

export type SearchMode = Schemas["SearchType"];
export type Filters = Schemas["Filters"];
export type SearchRequest = Schemas["SearchTickets"];
export type SearchResult = Whole<Schemas["SearchResult"]>;
export type SearchAnswer = Omit<Whole<Schemas["SearchAnswer"]>, "results"> & { results: SearchResult[] };
export type ExportFormat = Schemas["Format"];

export type Relation = Schemas["Relation"];
export type SimilarTicket = Whole<Schemas["SimilarTicket"]>;
export type RelatedAnswer = Omit<Schemas["RelatedTickets"], "related"> & { related: SimilarTicket[] };
export type DuplicateAnswer = Omit<Whole<Schemas["DuplicateCheck"]>, "similar_tickets"> & {
  similar_tickets: SimilarTicket[];
};

export type SavedSearch = Whole<Schemas["SavedSearch"]>;
export type SavedSearchChange = Schemas["UpdateSearch"];
export type RecentSearch = Schemas["RecentSearch"];
