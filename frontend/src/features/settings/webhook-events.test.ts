import { expect, it } from "vitest";
import { describeEvents, unknownEvents } from "./webhook-events";

it("describes the selected events, and keeps unknown types", () => {
  expect(describeEvents([])).toBe("All events");
  expect(describeEvents(["job_status"])).toBe("Only job_status");
  expect(describeEvents(["job_status", "job_stage"])).toBe("job_status and job_stage");
  expect(describeEvents(["job_status", "job_stage", "app_ready"])).toBe("job_status and 2 more types");
  expect(unknownEvents(["job_status", "sprint_began"])).toEqual(["sprint_began"]);
});
