/** Security events. */
export interface SecurityEvent {
  id: number;
  occurred_at: string;
  kind: string;
  outcome: string;
  actor_id: string | null;
  actor_name: string | null;
  on_behalf_of: string | null;
  session_id: string | null;
  key_id: string | null;
  address: string | null;
  subject_id: string | null;
  subject_name: string | null;
  workflow_id: string | null;
  workflow_name: string | null;
  details: Record<string, unknown>;
  occurrences: number;
}

export type SecurityEventPage = { events: SecurityEvent[]; has_more: boolean; next_cursor?: string | null };
