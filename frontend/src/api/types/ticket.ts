/** Tickets, as cards on a board and in full. */
import type { UsageTotals } from "./job";
import type { Complete, Schemas } from "./schema";

export type Priority = Schemas["Priority"];

/** What only the ticket itself carries, and no card. */
type DetailFields = "description" | "external_ref" | "id" | "related_task_ids" | "related_ticket_ids" | "resolved_at";
export type Card = Omit<Complete<Schemas["TicketFields"]>, DetailFields>;
/** Where a card goes within its column: before or after another ticket. */
export type CardPosition = { before?: string; after?: string };

export type TicketRef = Pick<
  Schemas["TicketRef"],
  "ticket_id" | "key" | "title" | "status" | "is_resolved" | "deleted"
>;
export type Reaction = Schemas["Reaction"];
export type Comment = Complete<Schemas["Comment"]>;
export type HistoryEntry = Complete<Schemas["HistoryEntry"]>;
export type Commit = Complete<Schemas["LinkedCommit"]>;

/** A page of a list of tickets. */
export type TicketPage = { tickets: (Card & { description?: string })[]; next_cursor: string | null };

export type TicketDetail = Card & {
  description: string;
  /** Set on a duplicate: the ticket it was merged into. */
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
  /** Resolved or deleted blockers, which block again when they are reopened or restored. */
  resolved_blockers?: TicketRef[];
  /** What was used for it. */
  usage?: UsageTotals;
  /** The claim of its agent, with the end of its lease. */
  claim?: { agent_id: string; lease_expires_at: string | null } | null;
};
