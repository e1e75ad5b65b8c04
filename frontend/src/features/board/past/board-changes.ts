/** What changed between two boards, in groups and in words. */
import type { NameOf } from "@/api/hooks";
import type { BoardChanges, Column, TicketDifference } from "@/api/types";
import { formatDuration } from "@/ui/time";

export type ChangeKind = "completed" | "moved" | "added" | "changed" | "reordered" | "removed";

export interface ChangeEntry {
  readonly ticketId: string;
  readonly key: string;
  readonly title: string;
  readonly kind: ChangeKind;
  /** What changed, one phrase each. */
  readonly details: readonly string[];
}

export interface ChangeGroup {
  readonly kind: ChangeKind;
  readonly name: string;
  readonly entries: readonly ChangeEntry[];
}

export interface Names {
  /** The columns of both boards. */
  readonly columns: readonly Pick<Column, "id" | "name" | "category">[];
  readonly nameOf: NameOf;
}

const GROUP_NAMES: Record<ChangeKind, string> = {
  completed: "Completed",
  moved: "Moved",
  added: "Added",
  changed: "Changed",
  reordered: "Reordered",
  removed: "Deleted or merged",
};

export function groupChanges({ tickets }: BoardChanges, names: Names): ChangeGroup[] {
  const entries = tickets.map((ticket) => describeDifference(ticket, names));
  return (Object.keys(GROUP_NAMES) as ChangeKind[])
    .map((kind) => ({ kind, name: GROUP_NAMES[kind], entries: entries.filter((entry) => entry.kind === kind) }))
    .filter((group) => group.entries.length > 0);
}

function describeDifference(ticket: TicketDifference, names: Names): ChangeEntry {
  const { ticket_id: ticketId, key, title } = ticket;
  return { ticketId, key, title, kind: kindOf(ticket, names), details: describeFields(ticket, names) };
}

function kindOf({ change, fields }: TicketDifference, { columns }: Names): ChangeKind {
  if (change !== "changed") return change;
  const isDone = (status: unknown) => columns.find(({ id }) => id === status)?.category === "done";
  const { status, is_resolved: resolved, ...rest } = fields;
  if (resolved?.new_value === true || (status && isDone(status.new_value) && !isDone(status.old_value))) {
    return "completed";
  }
  if (status) return "moved";
  return Object.keys(rest).every((field) => field === "rank") && !resolved ? "reordered" : "changed";
}

/** Fields that say nothing beside others: places, and times that follow from a move. */
const SILENT = new Set(["rank", "is_resolved", "completed_at", "started_at", "resolved_at"]);

function describeFields({ fields }: TicketDifference, names: Names): string[] {
  const order = ["status", ...Object.keys(fields).filter((field) => field !== "status")];
  return order.flatMap((field) => {
    const difference = fields[field];
    if (!difference || SILENT.has(field)) return [];
    // A block names itself; who blocks is said only where nothing else is.
    if (field === "blocked_by_ticket_ids" && "is_blocked" in fields) return [];
    return [describeField(field, difference.old_value, difference.new_value, names)];
  });
}

function describeField(field: string, before: unknown, after: unknown, { columns, nameOf }: Names): string {
  const column = (id: unknown) => columns.find((each) => each.id === id)?.name ?? String(id);
  switch (field) {
    case "status":
      return `${column(before)} → ${column(after)}`;
    case "title":
      return `Renamed from “${String(before)}”`;
    case "assigned_agent_id":
      return typeof after === "string" ? `Assigned to ${nameOf(after).name}` : "Unassigned";
    case "comment_count":
      return counted(before, after, "comment");
    case "commit_count":
      return counted(before, after, "commit");
    case "spent_minutes":
      return `Spent: ${duration(before)} → ${duration(after)}`;
    case "estimate_minutes":
      return `Estimate: ${duration(before)} → ${duration(after)}`;
    case "story_points":
      return `Points: ${text(before)} → ${text(after)}`;
    case "is_blocked":
      return after === true ? "Blocked" : "No longer blocked";
    case "blocked_by_ticket_ids":
      return "Other blockers";
    case "tags":
      return tags(before, after);
    case "approval_status":
      return REVIEWS[String(after)] ?? "Review withdrawn";
    case "parent_ticket_id":
      return after === null ? "No longer part of another ticket" : "Part of another ticket";
    default:
      return isPlain(before) && isPlain(after)
        ? `${label(field)}: ${text(before)} → ${text(after)}`
        : `${label(field)} changed`;
  }
}

const REVIEWS: Record<string, string> = {
  pending_review: "Needs review",
  approved: "Approved",
  rejected: "Rejected",
};

function counted(before: unknown, after: unknown, what: string): string {
  const more = Number(after) - Number(before);
  return `${more > 0 ? "+" : "−"}${Math.abs(more)} ${what}${Math.abs(more) === 1 ? "" : "s"}`;
}

function duration(minutes: unknown): string {
  return typeof minutes === "number" && minutes > 0 ? formatDuration(minutes) : "none";
}

function tags(before: unknown, after: unknown): string {
  const list = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);
  const [old, now] = [list(before), list(after)];
  const added = now.filter((tag) => !old.includes(tag)).map((tag) => `+${tag}`);
  const removed = old.filter((tag) => !now.includes(tag)).map((tag) => `−${tag}`);
  return `Tags: ${[...added, ...removed].join(" ") || "reordered"}`;
}

function isPlain(value: unknown): boolean {
  return value === null || typeof value === "string" || typeof value === "number";
}

function text(value: unknown): string {
  return value === null || value === "" ? "none" : String(value).replaceAll("_", " ");
}

function label(field: string): string {
  const words = field.replace(/_(id|ids|agent_id)$/, "").replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
