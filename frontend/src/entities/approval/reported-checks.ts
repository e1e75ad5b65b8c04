/** Checks that agents report with a request. Pure. */
import type { Approval } from "@/api/types";
import { formatCount } from "@/ui/plural";

export type ReportedCheck = Approval["checks"][number];

/** What needs a look first. */
const ORDER: Record<ReportedCheck["status"], number> = { failed: 0, running: 1, skipped: 2, passed: 3 };

/** Failed checks first, otherwise as they were reported. */
export const sortChecks = (checks: readonly ReportedCheck[]): ReportedCheck[] =>
  [...checks].sort((a, b) => ORDER[a.status] - ORDER[b.status]);

/** "3 checks passed", "1 of 3 checks failed", "2 of 3 checks passed"; null without checks. */
export function summarizeChecks(checks: readonly ReportedCheck[]): { text: string; failed: boolean } | null {
  const all = checks.length;
  if (all === 0) return null;
  const count = (status: ReportedCheck["status"]) => checks.filter((check) => check.status === status).length;
  const failed = count("failed");
  const named = failed > 0 ? failed : count("passed");
  const some = named === all ? formatCount(all) : `${formatCount(named)} of ${formatCount(all)}`;
  return { text: `${some} ${all === 1 ? "check" : "checks"} ${failed > 0 ? "failed" : "passed"}`, failed: failed > 0 };
}
