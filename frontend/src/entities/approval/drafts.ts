/**
 * What somebody has typed about an approval, kept until the decision is sent: it survives an undo, and a decision that
 * somebody else made first.
 */
import * as drafts from "@/ui/drafts";

/** The answer, reason or comment; `lines` are the comments on lines, as JSON. */
export type DraftPart = "text" | "lines";

/** The place of a draft, also for prompts. */
export const draftPlace = (approvalId: string, part: DraftPart = "text") => `approval.${approvalId}.${part}`;

export function readDraft(approvalId: string, part: DraftPart = "text"): string {
  const value = drafts.readDraft(draftPlace(approvalId, part))?.value;
  return typeof value === "string" ? value : "";
}

export function writeDraft(approvalId: string, text: string, part: DraftPart = "text"): void {
  if (text) drafts.writeDraft(draftPlace(approvalId, part), text);
  else drafts.discardDraft(draftPlace(approvalId, part));
}

export function clearDrafts(approvalId: string): void {
  for (const part of ["text", "lines"] as const) drafts.discardDraft(draftPlace(approvalId, part));
}
