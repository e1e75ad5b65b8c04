/**
 * What somebody has typed about an approval, kept in this tab until the decision is sent: it survives a reload, an undo, and
 * a decision that somebody else made first.
 */

const keyOf = (approvalId: string, what: string) => `callboard.draft.approval.${approvalId}.${what}`;

/** The answer, reason or comment; `lines` are the comments on lines, as JSON. */
export type DraftPart = "text" | "lines";

export function readDraft(approvalId: string, part: DraftPart = "text"): string {
  try {
    return sessionStorage.getItem(keyOf(approvalId, part)) ?? "";
  } catch {
    return "";
  }
}

export function writeDraft(approvalId: string, text: string, part: DraftPart = "text"): void {
  try {
    if (text) sessionStorage.setItem(keyOf(approvalId, part), text);
    else sessionStorage.removeItem(keyOf(approvalId, part));
  } catch {
    // Storage is blocked: the draft lasts as long as its field.
  }
}

export function clearDrafts(approvalId: string): void {
  writeDraft(approvalId, "", "text");
  writeDraft(approvalId, "", "lines");
}
