/** The shapes of the server's JSON. Kept beside the generated schema, which `schema.test.ts` compares with these. */

export type Priority = "low" | "medium" | "high" | "critical";
export type Category = "todo" | "active" | "done";
export type Role = "owner" | "member" | "viewer";

export interface User {
  id: string;
  email: string;
  name: string;
  is_admin: boolean;
}

export interface Tokens {
  access: string;
  expires_in: number;
  refresh?: string | null;
  user?: User;
}

export interface AuthOptions {
  registration: "open" | "invite" | "off";
  setup_required: boolean;
}

export interface Column {
  id: string;
  name: string;
  order: number;
  color: string | null;
  wip_limit: number | null;
  category: Category;
  ticket_count?: number;
}

export interface TicketType {
  id: string;
  name: string;
  icon?: string | null;
  color?: string | null;
}

export interface BoardSettings {
  auto_assign: boolean;
  require_comments_on_status_change: boolean;
  allow_reopen: boolean;
  track_time: boolean;
  wip_policy: "warn" | "refuse";
}

export interface Transition {
  from: string;
  to: string;
}

export interface BoardConfig {
  name: string;
  columns: Column[];
  ticket_types: TicketType[];
  default_ticket_type: string;
  initial_status: string;
  settings: BoardSettings;
  transitions: Transition[];
}

export interface Workflow {
  id: string;
  name: string;
  description: string | null;
  ticket_tracking: boolean;
  archived_at: string | null;
  created_at: string;
  updated_at?: string;
  role?: Role | null;
  board_config?: BoardConfig;
  ticket_count?: number;
}

export interface Card {
  ticket_id: string;
  key: string;
  number: number;
  workflow_id: string;
  title: string;
  ticket_type: string;
  priority: Priority;
  status: string;
  rank: string;
  assigned_agent_id: string | null;
  created_by_agent_id: string;
  parent_ticket_id: string | null;
  tags: string[];
  blocked_by_ticket_ids: string[];
  is_blocked: boolean;
  is_resolved: boolean;
  comment_count: number;
  commit_count: number;
  story_points: number | null;
  estimate_minutes: number | null;
  spent_minutes: number | null;
  version: number;
  created_at: string;
  updated_at: string;
  started_at: string | null;
  completed_at: string | null;
}

export interface BoardSnapshot {
  epoch: string;
  seq: number;
  workflow: Workflow;
  board_config: BoardConfig;
  tickets: Card[];
}

export interface TicketRef {
  ticket_id: string;
  key: string;
  title: string;
  status: string;
  is_resolved: boolean;
}

export interface Reaction {
  emoji: string;
  count: number;
  agent_ids: string[];
}

export interface Comment {
  comment_id: string;
  ticket_id?: string;
  agent_id: string;
  agent_name?: string | null;
  comment_text: string;
  comment_type: string;
  parent_id: string | null;
  created_at: string;
  updated_at: string | null;
  is_edited: boolean;
  mentions?: string[];
  attachments?: string[];
  reactions?: Reaction[];
}

export interface HistoryEntry {
  seq: number;
  change_type: string;
  field_name: string | null;
  old_value: unknown;
  new_value: unknown;
  change_description: string | null;
  changed_at: string;
  agent_id: string | null;
  metadata?: Record<string, unknown> | null;
}

export interface Commit {
  commit_sha: string;
  commit_message: string | null;
  commit_timestamp?: string | null;
  agent_id?: string | null;
  linked_at?: string | null;
  files_changed?: number | null;
  insertions?: number | null;
  deletions?: number | null;
}

export interface TicketDetail extends Card {
  description: string;
  comments: Comment[];
  history: HistoryEntry[];
  commits: Commit[];
  related_tickets: TicketRef[];
  parent_ticket: TicketRef | null;
  sub_tickets: TicketRef[];
  blocks: TicketRef[];
  blocked_by: TicketRef[];
}

/** One committed change, as the socket, the events endpoint and history all tell it. */
export interface LiveEvent {
  type: string;
  workflow_id: string;
  ticket_id: string | null;
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
  old_status?: string;
  new_status?: string;
  field?: string;
  old_value?: unknown;
  new_value?: unknown;
  [key: string]: unknown;
}

export interface EventPage {
  epoch: string;
  events: LiveEvent[];
  last_seq: number;
  has_more: boolean;
}

export interface ChangeStatusResult {
  success: boolean;
  ticket_id: string;
  old_status: string;
  new_status: string;
  message: string;
  blocked?: boolean;
  blocking_ticket_ids?: string[];
}

export interface Position {
  before?: string;
  after?: string;
}

export interface Member {
  actor_id: string;
  role: Role;
  name: string;
  kind: "user" | "agent" | "service";
  email?: string | null;
}

export interface Agent {
  id: string;
  name: string;
  kind?: "user" | "agent" | "service";
}

export interface ApiKey {
  id: string;
  name: string;
  actor_id: string;
  actor_name: string;
  scopes: string[];
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  revoked_at: string | null;
}

export interface Session {
  id: string;
  created_at: string;
  expires_at: string;
  last_used_at: string;
  user_agent: string | null;
  address: string | null;
  current: boolean;
}

export interface BoardTemplate {
  id: string;
  board_config: BoardConfig;
}

/** A board as it shall be: what is left out stays. */
export type BoardChange = Partial<Omit<BoardConfig, "columns">> & {
  columns?: Array<Omit<Column, "ticket_count"> & { previous_id?: string }>;
};

export interface SearchResult {
  ticket_id: string;
  title: string;
  status: string;
  priority: Priority;
  ticket_type: string;
  relevance_score: number;
  preview?: string | null;
}
