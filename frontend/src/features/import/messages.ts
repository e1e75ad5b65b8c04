/** What the import page says. */

import { explain, Problem } from "@/api";
import type { BadLine, ImportOutcome, ImportStep, MappedName } from "@/api/types";
import { LOCALE } from "@/ui/locale";
import { formatCount, plural } from "@/ui/plural";
import type { Kind } from "./choices";

/** Why a name is mapped as it is. */
export const HOW: Record<MappedName["how"], string> = {
  given: "Your choice",
  name: "Same name",
  similar: "Similar name",
  category: "By progress",
  email: "Same email address",
  new: "New, added to the board",
  text: "No such member",
  unknown: "Unknown name",
};

export const KIND_TITLES: Record<Kind, { title: string; from: string; to: string; counted: string }> = {
  states: { title: "States", from: "State", to: "Column", counted: "ticket" },
  types: { title: "Types", from: "Type", to: "Ticket type", counted: "ticket" },
  priorities: { title: "Priorities", from: "Priority", to: "Priority here", counted: "ticket" },
  people: { title: "People", from: "Person", to: "Member", counted: "mention" },
};

/** "Line 3 of tasks/a.md has no id." */
export function lineText({ file, line, reason }: BadLine): string {
  const place = file ? `Line ${line.toLocaleString(LOCALE)} of ${file}` : `Line ${line.toLocaleString(LOCALE)}`;
  return `${place} ${reason}.`;
}

/** Why an import failed; problems of the content name the file. */
export function importError(error: unknown, file: string): string {
  if (!(error instanceof Problem)) return explain(error);
  const found = error.fields.find(({ field }) => field === "content" || field === "content_base64");
  if (found) return `${file} ${found.message.replace(/\.$/, "")}.`;
  if (error.status === 413) return `${file} is too large. Import it on the server with “callboard import”.`;
  if (error.code === "busy") {
    return `${explain(error)} If the file is large, import it on the server with “callboard import”, which may take an hour.`;
  }
  return explain(error);
}

export interface OutcomeRow {
  count: number;
  text: string;
  /** Why, or what to do. */
  note?: string;
}

const MAX_GONE = 8;

/** "TKT-3 (DEMO-7) was deleted, TKT-5 (DEMO-9) was archived". */
function goneText(gone: ImportOutcome["gone"]): string {
  const named = gone.slice(0, MAX_GONE).map(({ key, reference, reason }) => `${key} (${reference}) was ${reason}`);
  return gone.length > MAX_GONE ? `${named.join(", ")} and others` : named.join(", ");
}

/** The step of a running import, also of one that only counts. */
export function stepText({ step, done, total }: ImportStep): string {
  if (step === "tickets") return `Step 1 of 3: ${plural(total, "ticket")}`;
  if (step === "comments") return "Step 2 of 3: comments";
  return `Step 3 of 3: search, ${formatCount(done)} of ${plural(total, "ticket")}`;
}

/** The counts of an import, without zeros except the first. */
export function outcomeRows(outcome: ImportOutcome, update: boolean): OutcomeRow[] {
  const left = Math.max(0, outcome.existing - outcome.updated - outcome.gone_count);
  const text = (count: number, one: string, more: string) => ({ count, text: count === 1 ? one : more });
  const rows: OutcomeRow[] = [
    text(outcome.imported, "ticket created", "tickets created"),
    text(outcome.updated, "ticket updated", "tickets updated"),
    {
      ...text(left, "ticket left as it is", "tickets left as they are"),
      note: update ? "They were imported before, and nothing changed there since." : "They were imported before.",
    },
    {
      ...text(outcome.kept, "ticket with a value kept", "tickets with a value kept"),
      note: "It changed here as well as there.",
    },
    {
      ...text(update ? 0 : outcome.newer, "of these is newer in the file", "of these are newer in the file"),
      note: "Turn on “Update tickets that were imported before” to take the changes over.",
    },
    {
      ...text(
        outcome.gone_count,
        "ticket left alone because it is gone here",
        "tickets left alone because they are gone here",
      ),
      note: goneText(outcome.gone),
    },
    text(outcome.comments, "comment added", "comments added"),
    text(outcome.milestones, "milestone created", "milestones created"),
    text(outcome.milestones_updated, "milestone updated", "milestones updated"),
    text(outcome.blockers, "open blocker", "open blockers"),
    text(outcome.parents, "parent", "parents"),
    text(outcome.related, "other relation", "other relations"),
    {
      ...text(outcome.missing_links, "link left out", "links left out"),
      note: "To tickets that are not in the file.",
    },
    {
      ...text(outcome.types_added.length, "ticket type added", "ticket types added"),
      note: outcome.types_added.join(", "),
    },
  ];
  return rows.filter(({ count }, place) => place === 0 || count > 0);
}
