/** Questions parked for people. */
import type { components } from "../schema.gen";
import type { Whole } from ".";

type Schemas = components["schemas"];

export type ApprovalKind = Schemas["ApprovalKind"];
export type ApprovalState = Schemas["ApprovalState"];
export type Approval = Whole<Schemas["Approval"]>;
export type ApprovalPage = { approvals: Approval[]; has_more: boolean; next_cursor?: string | null };
export type Decision = "approve" | "reject" | "answer";
export type DecisionWords = Pick<Schemas["Decide"], "answer" | "reason" | "comment">;
