import { expect, it } from "vitest";
import { othersOf, wordsFor } from "./webhook-events";

it("says what a webhook asks for, and keeps types it does not know", () => {
  expect(wordsFor([])).toBe("Every event");
  expect(wordsFor(["job_status"])).toBe("Only job_status");
  expect(wordsFor(["job_status", "job_stage"])).toBe("job_status and job_stage");
  expect(wordsFor(["job_status", "job_stage", "app_ready"])).toBe("job_status and 2 more types");
  expect(othersOf(["job_status", "sprint_began"])).toEqual(["sprint_began"]);
});
