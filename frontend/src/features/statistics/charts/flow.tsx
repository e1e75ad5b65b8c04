/** Charts of what happened in each period. */
import type { Report } from "@/api/reports";
import { PRIORITIES } from "@/entities/ticket/priority-icon";
import { chartColor } from "../chart/colors";
import type { Series } from "../chart/series";
import { SeriesChart, type SeriesPoint } from "../chart/series-chart";
import { formatSeconds, humanize, periodTick, periodTitle } from "../formats";
import { distinct, numberOf, periodsOf, pivot, textOf } from "../rows";
import type { Range, Unit } from "../statistics-state";
import { type ChartProps, columnOf, groupValueOf } from "./context";

/** The periods of a report that has a row for each of them. */
export function periodPoints(report: Report, unit: Unit, note?: (index: number) => string | undefined): SeriesPoint[] {
  return report.rows.map((row, index) => pointOf(textOf(row, "period") ?? "", unit, report.to, note?.(index)));
}

export function pointOf(period: string, unit: Unit, last: string | null | undefined, note?: string): SeriesPoint {
  return { tick: periodTick(period, unit), title: periodTitle(period, unit, last ?? undefined), note };
}

const field = (report: Report, name: string) => report.rows.map((row) => numberOf(row, name));

/** The periods of a range, as the report of it has them. */
const allPeriods = (report: Report, { from, to, unit }: Range) => periodsOf(report.from ?? from, report.to ?? to, unit);

export function ThroughputChart({ report, context, title }: ChartProps) {
  const series: Series[] = [
    { name: "Created", color: "var(--chart-8)", shape: "bar", values: field(report, "created") },
    { name: "Completed", color: "var(--chart-1)", shape: "bar", values: field(report, "completed") },
  ];
  const points = periodPoints(report, context.range.unit);
  return <SeriesChart label={title} points={points} series={series} kind="count" />;
}

export function VelocityChart({ report, context, title }: ChartProps) {
  const series: Series[] = [
    { name: "Story points", color: "var(--chart-2)", shape: "bar", values: field(report, "story_points") },
  ];
  const without = field(report, "without_points");
  const points = periodPoints(report, context.range.unit, (index) =>
    without[index] ? `${without[index]} completed without points` : undefined,
  );
  return <SeriesChart label={title} points={points} series={series} kind="number" />;
}

export function CumulativeFlowChart({ report, context, title }: ChartProps) {
  const { xs, of } = pivot(report.rows, "day", "status", "tickets");
  const names = new Map(report.rows.map((row) => [textOf(row, "status") ?? "", textOf(row, "status_name")]));
  // What is done lies at the bottom, what has not begun on top.
  const ids = [...names.keys()].reverse();
  const series = ids.map((id): Series => ({ ...columnOf(context, id, names.get(id)), shape: "area", values: of(id) }));
  const points = xs.map((day) => pointOf(day, "day", undefined));
  return <SeriesChart label={title} points={points} series={series} kind="count" isStacked height={260} />;
}

export function CycleTimesChart({ report, context, title }: ChartProps) {
  const { unit } = context.range;
  const periods = allPeriods(report, context.range);
  const points = periods.map((period) => pointOf(period, unit, report.to));
  const byPeriod = (name: string, value: string | null) => {
    const rows = report.rows.filter((row) => textOf(row, "group_value") === value);
    const found = new Map(rows.map((row) => [textOf(row, "period"), numberOf(row, name)]));
    return periods.map((period) => found.get(period) ?? null);
  };
  const series: Series[] = report.group
    ? groupValues(report).map((value) => ({
        ...groupValueOf(context, report.group, value),
        shape: "line",
        values: byPeriod("cycle_p50_seconds", value),
      }))
    : [
        {
          name: "Median cycle time",
          color: "var(--chart-1)",
          shape: "line",
          values: byPeriod("cycle_p50_seconds", null),
        },
        { name: "85% within", color: "var(--chart-3)", shape: "line", values: byPeriod("cycle_p85_seconds", null) },
        {
          name: "Median lead time",
          color: "var(--chart-8)",
          shape: "line",
          dashed: true,
          values: byPeriod("lead_p50_seconds", null),
        },
      ];
  return <SeriesChart label={title} points={points} series={series} kind="seconds" missing="nothing completed" />;
}

const MOST_GROUPS = 8;

/** The values by which rows are split: priorities in their order, others by how frequent they are. */
function groupValues(report: Report): (string | null)[] {
  const counts = new Map<string | null, number>();
  for (const row of report.rows) {
    const value = textOf(row, "group_value");
    counts.set(value, (counts.get(value) ?? 0) + (numberOf(row, "completed") ?? 0));
  }
  if (report.group === "priority") return PRIORITIES.filter((priority) => counts.has(priority));
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, MOST_GROUPS)
    .map(([value]) => value);
}

export function BlockedChart({ report, context, title }: ChartProps) {
  const tickets = field(report, "tickets");
  const longest = field(report, "longest_seconds");
  const points = periodPoints(report, context.range.unit, (index) =>
    tickets[index] ? `${tickets[index]} blocked, the longest ${formatSeconds(longest[index] ?? 0)}` : undefined,
  );
  const series: Series[] = [
    { name: "Blocked time", color: "var(--chart-4)", shape: "bar", values: field(report, "blocked_time_seconds") },
  ];
  return <SeriesChart label={title} points={points} series={series} kind="seconds" />;
}

export function EfficiencyChart({ report, context, title }: ChartProps) {
  const { unit } = context.range;
  const found = new Map(report.rows.map((row) => [textOf(row, "period"), row]));
  const periods = allPeriods(report, context.range);
  const points = periods.map((period) => {
    const completed = numberOf(found.get(period), "completed");
    return pointOf(period, unit, report.to, completed ? `${completed} completed` : undefined);
  });
  const values = periods.map((period) => numberOf(found.get(period), "efficiency"));
  const series: Series[] = [{ name: "Flow efficiency", color: "var(--chart-2)", shape: "line", values }];
  return <SeriesChart label={title} points={points} series={series} kind="share" missing="nothing completed" />;
}

export function ReopenedChart({ report, context, title }: ChartProps) {
  const points = periodPoints(report, context.range.unit, (index) => {
    const rate = numberOf(report.rows[index], "rate");
    return rate === null ? undefined : `${Math.round(rate * 100)}% of the completed`;
  });
  const series: Series[] = [
    { name: "Completed", color: "var(--chart-8)", shape: "bar", values: field(report, "completed") },
    { name: "Reopened", color: "var(--chart-4)", shape: "bar", values: field(report, "reopened") },
  ];
  return <SeriesChart label={title} points={points} series={series} kind="count" />;
}

export function FindingsChart({ report, context, title }: ChartProps) {
  const { unit } = context.range;
  const periods = allPeriods(report, context.range);
  const values = (kind: string, name: string) => {
    const rows = report.rows.filter((row) => row.kind === kind);
    const found = new Map(rows.map((row) => [textOf(row, "period"), numberOf(row, name)]));
    return periods.map((period) => found.get(period) ?? 0);
  };
  const kinds = distinct(report.rows, "kind");
  const closed = periods.map((_, index) => kinds.reduce((sum, kind) => sum + (values(kind, "closed")[index] ?? 0), 0));
  const points = periods.map((period, index) =>
    pointOf(period, unit, report.to, closed[index] ? `${closed[index]} ended` : undefined),
  );
  const series = kinds.map(
    (kind, index): Series => ({
      name: humanize(kind),
      color: chartColor([3, 2, 5, 4, 6, 1, 0][index % 7] ?? 0),
      shape: "bar",
      values: values(kind, "opened"),
    }),
  );
  return <SeriesChart label={title} points={points} series={series} kind="count" isStacked />;
}
