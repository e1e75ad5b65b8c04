/** Approvals: questions, reviews and clarifications that a person decides. */
import type { Complete, Schemas } from "./schema";

export type ApprovalKind = Schemas["ApprovalKind"];
export type ApprovalState = Schemas["ApprovalState"];
export type Approval = Complete<Schemas["Approval"]>;
export type ApprovalPage = { approvals: Approval[]; has_more: boolean; next_cursor?: string | null };
export type Decision = "approve" | "reject" | "answer";
export type DecisionInput = Pick<Schemas["Decide"], "answer" | "reason" | "comment">;
