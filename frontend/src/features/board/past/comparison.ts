/** With which moment a board of the past is compared. */
import { addDays, clampMoment } from "./moments";

export type Comparison = "now" | "hour" | "day" | "week" | "month" | "start";

export const COMPARISONS: ReadonlyArray<readonly [Comparison, string]> = [
  ["now", "From this moment to now"],
  ["hour", "In the hour before"],
  ["day", "In the day before"],
  ["week", "In the week before"],
  ["month", "In the 30 days before"],
  ["start", "Since the workflow was created"],
];

const DAYS: Partial<Record<Comparison, number>> = { day: 1, week: 7, month: 30 };

export function readComparison(value: unknown): Comparison | undefined {
  return COMPARISONS.find(([name]) => name === value && name !== "now")?.[0];
}

/** The moments to compare; without `to`, the later one is now. */
export function comparedMoments(
  comparison: Comparison,
  at: string,
  first: string,
  last: string,
): { from: string; to: string | undefined } {
  if (comparison === "now") return { from: at, to: undefined };
  if (comparison === "start") return { from: first, to: at };
  const days = DAYS[comparison];
  const from = days === undefined ? new Date(Date.parse(at) - 3_600_000).toISOString() : addDays(at, -days);
  return { from: clampMoment(from, first, last), to: at };
}
