/** What agents cost. Currencies are never added together, and what was not reported is not 0. */

import type { ReportRow } from "@/api/reports";
import { LOCALE } from "@/ui/locale";
import { plural } from "@/ui/plural";
import { chartColor } from "../chart/colors";
import type { Series } from "../chart/series";
import { SeriesChart } from "../chart/series-chart";
import { distinct, numberOf, textOf } from "../rows";
import type { ChartProps } from "./context";
import { pointOf } from "./flow";

const byPeriod = (rows: readonly ReportRow[]) => {
  const found = new Map<string, ReportRow[]>();
  for (const row of rows) {
    const period = textOf(row, "period") ?? "";
    found.set(period, [...(found.get(period) ?? []), row]);
  }
  return found;
};

/** What a period says about attempts without a report. */
function gaps(rows: readonly ReportRow[]): string | undefined {
  const [attempts, without] = [numberOf(rows[0], "attempts"), numberOf(rows[0], "attempts_without_usage")];
  return without ? `${without} of ${plural(attempts ?? 0, "attempt")} reported nothing` : undefined;
}

export function CostChart({ report, context, title }: ChartProps) {
  const periods = byPeriod(report.rows);
  return (
    <div className="grid gap-5">
      {distinct(report.rows, "currency").map((currency, index) => {
        const points = [...periods].map(([period, rows]) => pointOf(period, context.range.unit, report.to, gaps(rows)));
        const values = [...periods.values()].map((rows) =>
          numberOf(
            rows.find((row) => row.currency === currency),
            "cost",
          ),
        );
        const total = values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
        const series: Series[] = [
          { name: currency, color: chartColor([2, 4, 5, 6][index % 4] ?? 2), shape: "bar", values },
        ];
        return (
          <section key={currency} aria-label={currency}>
            <h4 className="mb-1 flex items-baseline gap-2 text-xs">
              <span className="font-medium">{currency}</span>
              <span className="tabular text-muted-foreground">{formatCost(total, currency)} reported in all</span>
            </h4>
            <SeriesChart
              label={`${title} in ${currency}`}
              points={points}
              series={series}
              kind="number"
              missing="no report"
              height={180}
              format={(value) => formatCost(value, currency)}
            />
          </section>
        );
      })}
    </div>
  );
}

/** Small sums keep their digits: what an agent costs may be less than a cent. */
export function formatCost(value: number, currency: string): string {
  try {
    return new Intl.NumberFormat(LOCALE, {
      style: "currency",
      currency,
      maximumSignificantDigits: value !== 0 && Math.abs(value) < 1 ? 3 : undefined,
    }).format(value);
  } catch {
    return `${value} ${currency}`;
  }
}

const TOKENS = [
  ["cache_read_tokens", "Read from cache"],
  ["cache_write_tokens", "Written to cache"],
  ["input_tokens", "Input"],
  ["output_tokens", "Output"],
] as const;
const TOKEN_COLORS = ["var(--chart-8)", "var(--chart-5)", "var(--chart-1)", "var(--chart-2)"];

export function TokensChart({ report, context, title }: ChartProps) {
  const periods = byPeriod(report.rows);
  const points = [...periods].map(([period, rows]) => pointOf(period, context.range.unit, report.to, gaps(rows)));
  const series = TOKENS.map(
    ([field, name], index): Series => ({
      name,
      color: TOKEN_COLORS[index] ?? chartColor(index),
      shape: "bar",
      values: [...periods.values()].map((rows) => sumKnown(rows.map((row) => numberOf(row, field)))),
    }),
  ).filter(({ values }) => values.some((value) => value !== null));
  return <SeriesChart label={title} points={points} series={series} kind="count" isStacked missing="no report" />;
}

/** Tokens of different currencies can be added; null if nothing was reported. */
export function sumKnown(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}
