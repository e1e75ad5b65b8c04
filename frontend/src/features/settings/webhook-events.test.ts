import { expect, it } from "vitest";
import { describeEvents, unknownEvents } from "./webhook-events";

it("says what a webhook asks for, and keeps types it does not know", () => {
  expect(describeEvents([])).toBe("Every event");
  expect(describeEvents(["job_status"])).toBe("Only job_status");
  expect(describeEvents(["job_status", "job_stage"])).toBe("job_status and job_stage");
  expect(describeEvents(["job_status", "job_stage", "app_ready"])).toBe("job_status and 2 more types");
  expect(unknownEvents(["job_status", "sprint_began"])).toEqual(["sprint_began"]);
});
