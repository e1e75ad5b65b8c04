/** Screen reader announcements for changes by other actors. */
import type { JobSummary, LiveEvent, TicketRef } from "@/api/types";
import type { BoardState } from "@/live/state/board";

const MAX_ANNOUNCED = 2;

export function describeEvents(events: readonly LiveEvent[], board: BoardState, me: string | undefined): string | null {
  const others = events.filter((event) => event.agent_id !== me || me === undefined);
  const spoken = others.map((event) => describeEvent(event, board)).filter((text) => text !== null);
  if (spoken.length === 0) return null;
  return spoken.length > MAX_ANNOUNCED ? `${spoken.length} changes on the board.` : spoken.join(" ");
}

/** An event in a sentence; null if it is not worth one. */
export function describeEvent({ type, ticket_id, data }: LiveEvent, board: BoardState): string | null {
  const key = (ticket_id && board.cards.get(ticket_id)?.key) || data.ticket?.key || "A ticket";
  const column = (id: string | undefined) => board.config.columns.find((each) => each.id === id)?.name ?? id;
  // A merge produces an event for each of the two tickets. Only the original's event names the duplicate.
  const other = (data.duplicate as TicketRef | undefined)?.key;
  switch (type) {
    case "ticket_created":
      return data.unmerged ? null : `${key} was created.`;
    case "status_changed":
      return `${key} moved to ${column(data.new_status ?? data.changes?.status)}.`;
    case "comment_added":
      return `New comment on ${key}.`;
    case "ticket_assigned":
      return `${key} was assigned.`;
    case "ticket_blocked":
      return `${key} is blocked.`;
    case "ticket_unblocked":
      return `${key} is no longer blocked.`;
    case "ticket_resolved":
      return `${key} is resolved.`;
    case "ticket_reopened":
      return `${key} was reopened.`;
    case "ticket_merged":
      return other ? `${other} was merged into ${key}.` : null;
    case "ticket_unmerged":
      return other ? `${other} is no longer merged into ${key}.` : null;
    case "ticket_deleted":
      return "A ticket was deleted.";
    case "job_status":
      return data.job ? describeJob(data.job, key, ticket_id !== null) : null;
    case "ticket_pending_review":
      return `${key} needs review.`;
    case "ticket_approved":
      return `${key} was approved.`;
    case "ticket_rejected":
      return `${key} was rejected.`;
    case "board_updated":
      return "The board settings changed.";
    default:
      return null;
  }
}

function describeJob({ title, status }: JobSummary, key: string, ofTicket: boolean): string | null {
  const subject = ofTicket ? `The job on ${key}` : `The job ${title}`;
  switch (status) {
    case "running":
      return `${subject} is running.`;
    case "waiting":
      return `${subject} needs input.`;
    case "succeeded":
      return `${subject} succeeded.`;
    case "failed":
      return `${subject} failed.`;
    default:
      return null;
  }
}
