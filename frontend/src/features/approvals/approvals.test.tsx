import { describe, expect, it } from "vitest";
import type { Approval, ApprovalState, LiveEvent } from "@/api/types";
import { latestApprovals } from "./approval-toasts";

const event = (id: string, status: ApprovalState): LiveEvent =>
  ({ type: "approval_requested", data: { approval: { id, status } as Approval } }) as LiveEvent;

describe("latestApprovals", () => {
  it("keeps the last state of each approval and splits pending from closed", () => {
    const { pending, closed } = latestApprovals([event("a", "pending"), event("b", "pending"), event("a", "answered")]);
    expect(pending.map(({ id }) => id)).toEqual(["b"]);
    expect(closed).toEqual(["a"]);
    expect(latestApprovals([{ type: "status_changed", data: {} } as LiveEvent])).toEqual({ pending: [], closed: [] });
  });
});
