/** A decision that somebody made and may still undo, and its copy in this browser. */
import type { Approval, ApprovalState, Decision, DecisionInput } from "@/api/types";

/** How long a decision is held before it is sent. */
export const HOLD_MS = 10_000;

/**
 * What is known of a held decision:
 * `waiting` counts down; `sending` is on its way; `unsent` could not be sent for now and is tried again; `refused` was refused
 * by the server for good, and is shown until the user has read it.
 */
export type HeldState = "waiting" | "sending" | "unsent" | "refused";

/** What is shown of the approval while its page is not open. */
export type HeldApproval = Pick<Approval, "id" | "workflow_id" | "kind" | "question" | "ticket_key">;

export interface HeldDecision {
  approval: HeldApproval;
  decision: Decision;
  input: DecisionInput;
  /** The idempotency key: a decision that is sent twice counts once. */
  key: string;
  /** When it is sent, in milliseconds. */
  due: number;
  state: HeldState;
  /** Why it was not sent. */
  message?: string;
}

const DONE: Record<Decision, string> = { approve: "Approved", reject: "Rejected", answer: "Answered" };

/** The decision in a word. */
export function decisionLabel({ decision }: Pick<HeldDecision, "decision">): string {
  return DONE[decision];
}

/** The text that the user wrote or chose. */
export function textOf({ input: { answer, reason, comment } }: Pick<HeldDecision, "input">): string {
  return [answer, reason, comment].filter(Boolean).join("\n\n");
}

/** What the server would answer to a decision about an approval that is no longer pending. */
export function settledMessage({
  status,
  decided_by_name: name,
}: Pick<Approval, "status" | "decided_by_name">): string {
  if (status === "expired") return "This expired before it was decided.";
  if (status === "withdrawn") return "This was withdrawn and needs no decision.";
  return `This was ${status} already${name ? ` by ${name}` : ""}.`;
}

const OUTCOMES: Record<Decision, ApprovalState> = { approve: "approved", reject: "rejected", answer: "answered" };

/** Whether an approval has the outcome that a decision asks for. */
export function isOutcomeOf(approval: Approval, { decision, input }: HeldDecision): boolean {
  return approval.status === OUTCOMES[decision] && (decision !== "answer" || approval.answer === input.answer?.trim());
}

const PREFIX = "callboard.held-decision";
const keyOf = (userId: string, approvalId = "") => `${PREFIX}.${userId}.${approvalId}`;

/** Held decisions in this browser's storage, so that none is lost with its page. Each has an entry of its own. */
export const heldStorage = {
  put(userId: string, held: HeldDecision): void {
    try {
      localStorage.setItem(keyOf(userId, held.approval.id), JSON.stringify(held));
    } catch {
      // Storage is blocked: it is still sent when the page is closed.
    }
  },
  remove(userId: string, { approval, key }: Pick<HeldDecision, "approval" | "key">): void {
    try {
      // Another page may hold a newer decision about the same approval.
      if (read(keyOf(userId, approval.id))?.key === key) localStorage.removeItem(keyOf(userId, approval.id));
    } catch {
      // Storage is blocked.
    }
  },
  get: (userId: string, approvalId: string): HeldDecision | null => read(keyOf(userId, approvalId)),
  list(userId: string): HeldDecision[] {
    try {
      const names = Array.from({ length: localStorage.length }, (_, i) => localStorage.key(i) ?? "");
      return names.filter((name) => name.startsWith(keyOf(userId))).flatMap((name) => read(name) ?? []);
    } catch {
      return [];
    }
  },
};

/** What is stored may be of an older version, or anything. */
function read(name: string): HeldDecision | null {
  try {
    const value = JSON.parse(localStorage.getItem(name) ?? "null") as Partial<HeldDecision> | null;
    if (typeof value?.approval?.id !== "string" || typeof value.key !== "string" || !value.input) return null;
    if (!value.decision || !(value.decision in DONE) || typeof value.due !== "number") return null;
    return value as HeldDecision;
  } catch {
    return null;
  }
}
