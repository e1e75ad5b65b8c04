/** The event types that webhooks can receive, grouped for the dialog. Pure. */

export const EVENT_GROUPS: ReadonlyArray<readonly [name: string, events: readonly string[]]> = [
  [
    "Tickets",
    [
      "ticket_created",
      "ticket_updated",
      "status_changed",
      "ticket_assigned",
      "ticket_blocked",
      "ticket_unblocked",
      "ticket_resolved",
      "ticket_reopened",
      "ticket_merged",
      "ticket_unmerged",
      "lease_expired",
      "column_renamed",
      "ticket_deleted",
    ],
  ],
  [
    "Comments and commits",
    [
      "comment_added",
      "comment_updated",
      "comment_deleted",
      "comments_moved",
      "commit_linked",
      "commit_unlinked",
      "commits_moved",
    ],
  ],
  [
    "Reviews and questions",
    [
      "ticket_pending_review",
      "ticket_approved",
      "ticket_rejected",
      "ticket_clarification_requested",
      "approval_requested",
      "approval_approved",
      "approval_rejected",
      "approval_answered",
      "approval_expired",
      "approval_withdrawn",
    ],
  ],
  [
    "Jobs",
    [
      "job_status",
      "job_stage",
      "job_progress",
      "job_message",
      "job_message_deleted",
      "job_updated",
      "job_deleted",
      "app_ready",
      "usage_reported",
    ],
  ],
  ["Engine events", ["ticket_progress", "pr_created", "activity", "ticket_state"]],
  ["Findings", ["finding_opened", "finding_closed"]],
  ["Milestones", ["milestone_created", "milestone_updated", "milestone_deleted"]],
  ["Board", ["board_updated", "workflow_updated"]],
  ["Webhooks", ["webhook_created", "webhook_updated", "webhook_enabled", "webhook_disabled", "webhook_deleted"]],
];

const KNOWN = new Set(EVENT_GROUPS.flatMap(([, events]) => events));

/** Types set over the API that the dialog does not list. */
export function unknownEvents(events: readonly string[]): string[] {
  return events.filter((event) => !KNOWN.has(event));
}

/** Whether two selections are equal in any order. */
export function sameEvents(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((event) => b.includes(event));
}

/** "All events", "status_changed and job_status", "ticket_created and 4 more types". */
export function describeEvents(events: readonly string[]): string {
  const [first, second] = events;
  if (first === undefined) return "All events";
  if (second === undefined) return `Only ${first}`;
  if (events.length === 2) return `${first} and ${second}`;
  return `${first} and ${events.length - 1} more types`;
}
