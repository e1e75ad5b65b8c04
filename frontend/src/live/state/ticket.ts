/** Applies an event to a ticket in full. Pure; the caller refetches what events do not carry. */
import type { Comment, Commit, LiveEvent, TicketDetail } from "@/api/types";

export function applyToTicket(ticket: TicketDetail, event: LiveEvent): TicketDetail {
  if (event.ticket_id !== ticket.ticket_id) return ticket;
  const { changes, comment, commit } = event.data;
  let next: TicketDetail = changes ? { ...ticket, ...changes } : ticket;
  if (comment) next = { ...next, comments: withComment(next.comments, comment, event.type === "comment_deleted") };
  if (commit) next = { ...next, commits: withCommit(next.commits, commit) };
  return next;
}

function withComment(comments: Comment[], comment: Comment, deleted: boolean): Comment[] {
  const others = comments.filter((other) => other.comment_id !== comment.comment_id);
  if (deleted) return others;
  if (typeof comment.comment_text !== "string") return comments;
  const old = comments.find((other) => other.comment_id === comment.comment_id);
  if (old) return comments.map((other) => (other === old ? { ...old, ...comment } : other));
  return [...comments, comment].sort((a, b) => (a.created_at < b.created_at ? -1 : 1));
}

function withCommit(commits: Commit[], commit: Commit): Commit[] {
  if (commits.some((other) => other.commit_sha === commit.commit_sha)) return commits;
  return [...commits, commit];
}
