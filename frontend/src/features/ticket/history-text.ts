/** Text of a history entry, without the actor's name that precedes it. */
import type { NameOf } from "@/api/hooks";
import type { HistoryEntry } from "@/api/types";

export interface Names {
  nameOf: NameOf;
  nameOfColumn: (id: string) => string;
  nameOfTicket: (id: string) => string;
}

const MAX_VALUE_LENGTH = 80;

export function describeChange(entry: HistoryEntry, names: Names): string {
  const { change_type, field_name, change_description } = entry;
  const before = text(entry.old_value);
  const after = text(entry.new_value);
  switch (change_type) {
    case "created":
      return "created the ticket";
    case "status_changed":
      return `moved it from ${names.nameOfColumn(before)} to ${names.nameOfColumn(after)}`;
    case "column_renamed":
      return `renamed its column to ${names.nameOfColumn(after)}`;
    case "lease_expired":
      return `took it back from ${names.nameOf(before).name}, whose lease expired`;
    case "assigned":
      return after ? `assigned it to ${names.nameOf(after).name}` : "removed the assignee";
    case "commented":
      return "commented";
    case "commit_linked":
      return `linked commit ${after.slice(0, 10)}`.trim();
    case "blocked":
      return `marked it as blocked by ${idList(entry.new_value).map(names.nameOfTicket).join(", ") || "another ticket"}`;
    case "unblocked":
      return "unblocked it";
    case "resolved":
      return "resolved it";
    case "reopened":
      return "reopened it";
    case "deleted":
      return "deleted it";
    case "restored":
      return "restored it";
    case "ticket_merged":
      return field_name ? `merged it into ${otherTicketKey(entry)}` : `merged ${otherTicketKey(entry)} into it`;
    case "ticket_unmerged":
      return field_name ? `unmerged it from ${otherTicketKey(entry)}` : `unmerged ${otherTicketKey(entry)} from it`;
    case "job_status":
      return describeJobChange(before, after, change_description);
    case "job_stage":
      return `moved to stage ${after}`;
    case "field_updated":
      return describeFieldChange(field_name, before, after, names);
    default:
      return change_description || change_type.replaceAll("_", " ");
  }
}

/** Text of a job's status change. The job's title is only in the entry's description. */
function describeJobChange(before: string, after: string, description: string | null): string {
  const title = /"(.*)"/.exec(description ?? "")?.[1];
  const job = title ? `the job “${title}”` : "the job";
  if (!before) return `created ${job}`;
  if (after === "running") return before === "queued" ? `started ${job}` : `resumed ${job}`;
  if (after === "queued") return `queued ${job}`;
  if (after === "waiting") return `requested input for ${job}`;
  if (after === "succeeded") return `finished ${job}`;
  if (after === "failed") return `failed ${job}`;
  return `${after} ${job}`;
}

/** Key of the other ticket of a merge. A merged ticket is on no board, so its key is only in the description. */
function otherTicketKey({ change_description }: HistoryEntry): string {
  return /TKT-\d+/.exec(change_description ?? "")?.[0] ?? "another ticket";
}

function describeFieldChange(field: string | null, before: string, after: string, names: Names): string {
  const name = (field ?? "a field").replace(/_(id|ids)$/, "").replaceAll("_", " ");
  if (field === "rank") return "reordered it in its column";
  if (field === "description") return "edited the description";
  if (field === "parent_ticket_id") {
    return after ? `set the parent to ${names.nameOfTicket(after)}` : "removed the parent";
  }
  if (!after || after === "[]") return `cleared ${name}`;
  if (before.length > MAX_VALUE_LENGTH || after.length > MAX_VALUE_LENGTH) return `changed ${name}`;
  return before && before !== "[]" ? `changed ${name} from “${before}” to “${after}”` : `set ${name} to “${after}”`;
}

function text(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(text).join(", ");
  if (typeof value === "object") return JSON.stringify(value);
  return String(value);
}

function idList(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(text);
  const raw = text(value);
  try {
    const parsed: unknown = JSON.parse(raw);
    return Array.isArray(parsed) ? parsed.map(text) : [raw];
  } catch {
    return raw ? raw.split(/[\s,]+/) : [];
  }
}
