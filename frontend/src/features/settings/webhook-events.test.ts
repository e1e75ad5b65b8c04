import { expect, it } from "vitest";
import { describeEvents, EVENT_GROUPS, sameEvents, unknownEvents } from "./webhook-events";

it("describes the selected events", () => {
  expect(describeEvents([])).toBe("All events");
  expect(describeEvents(["job_status"])).toBe("Only job_status");
  expect(describeEvents(["job_status", "job_stage"])).toBe("job_status and job_stage");
  expect(describeEvents(["job_status", "job_stage", "app_ready"])).toBe("job_status and 2 more types");
});

it("finds types that the dialog does not list, and compares selections", () => {
  expect(unknownEvents(["job_status", "sprint_began"])).toEqual(["sprint_began"]);
  expect([
    sameEvents(["a", "b"], ["b", "a"]),
    sameEvents(["a"], ["a", "b"]),
    sameEvents(["a", "c"], ["a", "b"]),
  ]).toEqual([true, false, false]);
});

it("lists each type once", () => {
  const listed = EVENT_GROUPS.flatMap(([, events]) => events);
  expect(new Set(listed).size).toBe(listed.length);
});
