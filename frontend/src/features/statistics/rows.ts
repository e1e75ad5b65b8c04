/** Reading values out of the rows of reports, whose fields the server describes at run time. */
import type { Report, ReportRow } from "@/api/reports";

export function numberOf(row: ReportRow | undefined, field: string): number | null {
  const value = row?.[field];
  if (typeof value === "number") return value;
  // Exact decimals may be sent as text.
  return typeof value === "string" && value !== "" && Number.isFinite(Number(value)) ? Number(value) : null;
}

export function textOf(row: ReportRow | undefined, field: string): string | null {
  const value = row?.[field];
  return typeof value === "string" ? value : null;
}

/** The different values of a field, in the order of the rows. */
export function distinct(rows: readonly ReportRow[], field: string): string[] {
  const found = new Set<string>();
  for (const row of rows) {
    const value = textOf(row, field);
    if (value !== null) found.add(value);
  }
  return [...found];
}

/** For each x and each key its value, for reports that have a row for each pair. */
export function pivot(
  rows: readonly ReportRow[],
  x: string,
  key: string,
  value: string,
): { xs: string[]; of: (key: string | null) => (number | null)[] } {
  const cells = new Map<string, number | null>();
  for (const row of rows) cells.set(`${textOf(row, x)} ${textOf(row, key)}`, numberOf(row, value));
  const xs = distinct(rows, x);
  return { xs, of: (wanted) => xs.map((each) => cells.get(`${each} ${wanted}`) ?? null) };
}

export function sumOf(report: Report, ...fields: string[]): number {
  let sum = 0;
  for (const row of report.rows) for (const field of fields) sum += numberOf(row, field) ?? 0;
  return sum;
}

/** All periods of a range, so that those without rows are drawn as well. */
export function periodsOf(from: string, to: string, unit: "day" | "week" | "month"): string[] {
  const periods: string[] = [];
  const at = new Date(`${from}T00:00:00Z`);
  if (unit === "week") at.setUTCDate(at.getUTCDate() - ((at.getUTCDay() + 6) % 7));
  if (unit === "month") at.setUTCDate(1);
  while (at.toISOString().slice(0, 10) <= to) {
    periods.push(at.toISOString().slice(0, 10));
    if (unit === "month") at.setUTCMonth(at.getUTCMonth() + 1);
    else at.setUTCDate(at.getUTCDate() + (unit === "week" ? 7 : 1));
  }
  return periods;
}
