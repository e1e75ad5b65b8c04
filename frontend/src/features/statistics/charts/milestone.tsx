/** Charts of one milestone. */
import { useState } from "react";
import type { Report } from "@/api/reports";
import { cn } from "@/ui/cn";
import type { Series } from "../chart/series";
import { SeriesChart } from "../chart/series-chart";
import { numberOf, sumOf, textOf } from "../rows";
import type { ChartProps } from "./context";
import { pointOf } from "./flow";

type Measure = "tickets" | "points";
const MEASURES: Record<Measure, string> = { tickets: "Tickets", points: "Story points" };

const field = (report: Report, name: string) => report.rows.map((row) => numberOf(row, name));
const points = (report: Report) => report.rows.map((row) => pointOf(textOf(row, "day") ?? "", "day", undefined));

export function BurndownChart({ report, title }: ChartProps) {
  const [measure, choice] = useMeasure(report);
  const series: Series[] = [
    { name: "Remaining", color: "var(--chart-1)", shape: "line", values: field(report, `remaining_${measure}`) },
    { name: "Ideal", color: "var(--chart-8)", shape: "line", dashed: true, values: field(report, `ideal_${measure}`) },
  ];
  return (
    <>
      {choice}
      <SeriesChart label={title} points={points(report)} series={series} kind="number" missing="to come" />
    </>
  );
}

export function BurnUpChart({ report, title }: ChartProps) {
  const [measure, choice] = useMeasure(report);
  const series: Series[] = [
    { name: "Scope", color: "var(--chart-8)", shape: "line", values: field(report, `scope_${measure}`) },
    { name: "Completed", color: "var(--chart-2)", shape: "line", values: field(report, `completed_${measure}`) },
  ];
  return (
    <>
      {choice}
      <SeriesChart label={title} points={points(report)} series={series} kind="number" missing="to come" />
    </>
  );
}

/** Tickets or story points; points only where there are some. */
function useMeasure(report: Report) {
  const [chosen, setMeasure] = useState<Measure>("tickets");
  const hasPoints = sumOf(report, "scope_points") > 0;
  const measure = hasPoints ? chosen : "tickets";
  const choice = hasPoints && (
    <fieldset className="mb-2 flex gap-1">
      <legend className="sr-only">What is counted</legend>
      {(Object.keys(MEASURES) as Measure[]).map((each) => (
        <button
          key={each}
          type="button"
          aria-pressed={measure === each}
          onClick={() => setMeasure(each)}
          className={cn(
            "rounded-md px-2 py-0.5 text-xs",
            measure === each ? "bg-muted font-medium text-foreground" : "text-muted-foreground hover:text-foreground",
          )}
        >
          {MEASURES[each]}
        </button>
      ))}
    </fieldset>
  );
  return [measure, choice] as const;
}
