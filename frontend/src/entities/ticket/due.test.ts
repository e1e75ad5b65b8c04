import { describe, expect, it } from "vitest";
import { describeDue, dueState, formatDay, todayIn } from "./due";

describe("due dates", () => {
  const state = (due_on: string | null, is_resolved = false) => dueState({ due_on, is_resolved }, "2026-02-27");

  it("are over after their day, and near two days before", () => {
    expect(state("2026-02-26")).toBe("overdue");
    expect(["2026-02-27", "2026-03-01"].map((day) => state(day))).toEqual(["soon", "soon"]);
    expect(state("2026-03-02")).toBe("later");
    expect(state("9999-12-31")).toBe("later");
  });

  it("do not concern resolved tickets, and those without one", () => {
    expect(state("2020-01-01", true)).toBeNull();
    expect(state(null)).toBeNull();
  });

  it("count days in the workflow's time zone", () => {
    const noon = Date.parse("2026-02-27T12:00:00Z");
    expect(todayIn("Pacific/Auckland", noon)).toBe("2026-02-28");
    expect(todayIn("America/New_York", noon)).toBe("2026-02-27");
    expect(todayIn("Not/A_Zone", noon)).toBe("2026-02-27");
    expect(todayIn(undefined, noon)).toBe("2026-02-27");
  });

  it("are written without the present year", () => {
    expect(formatDay("2026-03-01", "2026-02-27")).not.toContain("2026");
    expect(formatDay("2027-03-01", "2026-02-27")).toContain("2027");
    expect(describeDue("soon", "2026-02-27", "2026-02-27")).toMatch(/^Due today, /);
    expect(describeDue("overdue", "2026-02-20", "2026-02-27")).toMatch(/^Overdue, was due /);
  });
});
