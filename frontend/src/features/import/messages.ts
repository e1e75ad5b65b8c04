/** What the import page says. */

import { explain, Problem } from "@/api";
import type { BadLine, ImportOutcome, ImportSteps, MappedName } from "@/api/types";
import { LOCALE } from "@/ui/locale";
import { plural } from "@/ui/plural";
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
  states: { title: "States", from: "State", to: "Column", counted: "tickets" },
  types: { title: "Types", from: "Type", to: "Ticket type", counted: "tickets" },
  priorities: { title: "Priorities", from: "Priority", to: "Priority here", counted: "tickets" },
  people: { title: "People", from: "Person", to: "Member", counted: "mentions" },
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

/** What a running import does, also one that only counts. */
export function progressText({ step, done, total }: ImportSteps): string {
  if (step === "tickets") return `Writing ${plural(total, "ticket")}`;
  if (step === "comments") return "Writing comments";
  if (step === "written") return "Preparing search and reports";
  return `Making tickets searchable: ${done.toLocaleString(LOCALE)} of ${total.toLocaleString(LOCALE)}`;
}

/** The counts of an import, without zeros except the first. */
export function outcomeRows(outcome: ImportOutcome, update: boolean): OutcomeRow[] {
  const left = Math.max(0, outcome.existing - outcome.updated - outcome.gone_count);
  const rows: OutcomeRow[] = [
    { count: outcome.imported, text: "tickets created" },
    { count: outcome.updated, text: "tickets updated" },
    {
      count: left,
      text: "tickets left as they are",
      note: update ? "They were imported before, and nothing changed there since." : "They were imported before.",
    },
    { count: outcome.kept, text: "tickets with a value kept", note: "It changed here as well as there." },
    {
      count: update ? 0 : outcome.newer,
      text: "of these are newer in the file",
      note: "Turn on “Update tickets that were imported before” to take the changes over.",
    },
    { count: outcome.gone_count, text: "tickets left alone because they are gone here", note: goneText(outcome.gone) },
    { count: outcome.comments, text: "comments added" },
    { count: outcome.milestones, text: "milestones created" },
    { count: outcome.milestones_updated, text: "milestones updated" },
    { count: outcome.blockers, text: "open blockers" },
    { count: outcome.parents, text: "parents" },
    { count: outcome.related, text: "other relations" },
    { count: outcome.missing_links, text: "links left out", note: "They lead to tickets that are not in the file." },
    {
      count: outcome.types_added.length,
      text: "ticket types added",
      note: outcome.types_added.join(", "),
    },
  ];
  return rows.filter(({ count }, place) => place === 0 || count > 0);
}
