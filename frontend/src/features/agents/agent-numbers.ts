/** How well agents do and what they cost, from usage and reports of the last 30 days. Pure. */
import type { ReportRow } from "@/api/reports";
import type { UsageTotals } from "@/api/types";

export interface AgentNumbers {
  /** Attempts that succeeded, and those that ended in a failure. */
  succeeded: number;
  failed: number;
  /** Seconds for which it waited for people's answers. */
  waited: number;
}

const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);
const number = (value: unknown): number => (typeof value === "number" && Number.isFinite(value) ? value : 0);

/** By agent. Attempts that were given back, e.g. because a worker stopped, count neither way. */
export function numbersOf(
  attempts: readonly ReportRow[],
  approvals: readonly ReportRow[],
): ReadonlyMap<string, AgentNumbers> {
  const numbers = new Map<string, AgentNumbers>();
  const of = (agent: string): AgentNumbers => {
    let known = numbers.get(agent);
    if (!known) {
      known = { succeeded: 0, failed: 0, waited: 0 };
      numbers.set(agent, known);
    }
    return known;
  };
  for (const { agent_id, outcome, error } of attempts) {
    const agent = text(agent_id);
    if (!agent) continue;
    if (outcome === "succeeded") of(agent).succeeded += 1;
    else if (outcome === "failed" || (outcome === "requeued" && text(error))) of(agent).failed += 1;
  }
  for (const { asked_by, time_to_answer_seconds, pending_for_seconds } of approvals) {
    const agent = text(asked_by);
    if (agent) of(agent).waited += number(time_to_answer_seconds) + number(pending_for_seconds);
  }
  return numbers;
}

/** "92%"; null if no attempt has ended. */
export function successRate({ succeeded, failed }: AgentNumbers): string | null {
  const ended = succeeded + failed;
  return ended === 0 ? null : `${Math.round((100 * succeeded) / ended)}%`;
}

const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** "12.4K", or null if no tokens were reported. */
export function shortTokens({ input_tokens, output_tokens }: UsageTotals): string | null {
  if (input_tokens === null && output_tokens === null) return null;
  return COMPACT.format((input_tokens ?? 0) + (output_tokens ?? 0));
}

/** "$1.25 + €0.50", or null if no cost was reported. */
export function shortCost({ costs }: UsageTotals): string | null {
  if (costs.length === 0) return null;
  return costs.map(({ amount, currency }) => money(Number(amount), currency)).join(" + ");
}

function money(amount: number, currency: string): string {
  // Below a cent, two digits would be zero.
  const digits = amount !== 0 && Math.abs(amount) < 0.01 ? 4 : 2;
  try {
    return new Intl.NumberFormat("en", { style: "currency", currency, maximumFractionDigits: digits }).format(amount);
  } catch {
    return `${amount.toFixed(digits)} ${currency}`;
  }
}
