import { describe, expect, it } from "vitest";
import type { Approval, ApprovalState, LiveEvent } from "@/api/types";
import { latestApprovals } from "./approval-toasts";

const told = (id: string, status: ApprovalState): LiveEvent =>
  ({ type: "approval_requested", data: { approval: { id, status } as Approval } }) as LiveEvent;

describe("news of approvals", () => {
  it("are of what waits at the end of a burst, and of what is settled", () => {
    const { asked, settled } = latestApprovals([told("a", "pending"), told("b", "pending"), told("a", "answered")]);
    expect(asked.map(({ id }) => id)).toEqual(["b"]);
    expect(settled).toEqual(["a"]);
    expect(latestApprovals([{ type: "status_changed", data: {} } as LiveEvent])).toEqual({ asked: [], settled: [] });
  });
});
