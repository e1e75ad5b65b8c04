import { expect, it } from "vitest";
import { type ReportedCheck, sortChecks, summarizeChecks } from "./reported-checks";

const checks = (...all: ReportedCheck["status"][]): ReportedCheck[] =>
  all.map((status, i) => ({ name: `check ${i}`, status, details: "", url: null }));

it("shows what needs a look first, otherwise in the order of the report", () => {
  const sorted = sortChecks(checks("passed", "running", "failed", "passed", "skipped", "failed"));
  expect(sorted.map(({ name }) => name)).toEqual(["check 2", "check 5", "check 1", "check 4", "check 0", "check 3"]);
});

it("says in a few words how they ended", () => {
  expect(summarizeChecks([])).toBeNull();
  expect(summarizeChecks(checks("passed"))?.text).toBe("1 check passed");
  expect(summarizeChecks(checks("passed", "passed"))).toEqual({ text: "2 checks passed", failed: false });
  expect(summarizeChecks(checks("passed", "failed", "running"))).toEqual({
    text: "1 of 3 checks failed",
    failed: true,
  });
  expect(summarizeChecks(checks("passed", "running"))?.text).toBe("1 of 2 checks passed");
  expect(summarizeChecks(checks("running"))?.text).toBe("0 of 1 check passed");
});
