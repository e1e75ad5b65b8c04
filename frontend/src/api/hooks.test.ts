import { describe, expect, it } from "vitest";
import { assignees } from "./hooks";

describe("assignees", () => {
  it("offers members only, people before agents", () => {
    const offered = assignees([
      { actor_id: "agent-a", name: "A robot", kind: "agent" },
      { actor_id: "user-z", name: "Zoe", kind: "user" },
      { actor_id: "svc", name: "Builder", kind: "service" },
      { actor_id: "user-b", name: "Bob", kind: "user" },
    ]);
    expect(offered.map(({ id }) => id)).toEqual(["user-b", "user-z", "agent-a", "svc"]);
    expect(offered.map(({ agent }) => agent)).toEqual([false, false, true, true]);
  });
});
