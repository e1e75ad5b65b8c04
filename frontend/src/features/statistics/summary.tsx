import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { cn } from "@/ui/cn";
import { type ChartContext, queryFor } from "./charts/context";
import { formatFigure, formatSeconds } from "./formats";
import { numberOf, sumOf } from "./rows";
import { addDays, daysBetween } from "./statistics-state";
import { useReport } from "./use-report";

/** The figures that most people come for, above the charts. */
export function Summary({ context }: { context: ChartContext }) {
  const { range } = context;
  const query = { ...queryFor(context, ["range"]), unit: "all" };
  const days = daysBetween(range.from, range.to);
  const before = { ...query, from: addDays(range.from, -days), to: addDays(range.from, -1) };
  const now = useReport("cycle_times", query, { enabled: true }).data?.report;
  const earlier = useReport("cycle_times", before, { enabled: true }).data?.report;
  const open = useReport("open_tickets", queryFor(context, []), { enabled: true }).data?.report;
  const completed = now && (numberOf(now.rows[0], "completed") ?? 0);
  const completedBefore = earlier && (numberOf(earlier.rows[0], "completed") ?? 0);
  const median = numberOf(now?.rows[0], "cycle_p50_seconds");
  const medianBefore = numberOf(earlier?.rows[0], "cycle_p50_seconds");
  const blocked = open && sumOf(open, "blocked");
  const isEmpty = completed === 0 && open && sumOf(open, "tickets") === 0;
  return (
    <>
      <dl className="grid grid-cols-2 overflow-hidden rounded-xl border bg-surface shadow-card lg:grid-cols-4">
        <Figure
          name="Completed"
          value={completed === undefined ? null : formatFigure(completed, "count")}
          note={
            completedBefore === undefined
              ? undefined
              : `${formatFigure(completedBefore, "count")} in the ${days} days before`
          }
        />
        <Figure
          name="Median cycle time"
          value={now === undefined ? null : median === null ? "–" : formatSeconds(median)}
          note={
            earlier &&
            (medianBefore === null
              ? "nothing to compare with"
              : `${formatSeconds(medianBefore)} in the ${days} days before`)
          }
        />
        <Figure
          name="Open now"
          value={open === undefined ? null : formatFigure(sumOf(open, "tickets"), "count")}
          note={open && `${formatFigure(sumOf(open, "active"), "count")} in progress`}
        />
        <Figure
          name="Blocked now"
          value={blocked === undefined ? null : formatFigure(blocked, "count")}
          warn={Boolean(blocked)}
          note={blocked ? "waiting for other tickets" : "nothing waits for another ticket"}
        />
      </dl>
      {isEmpty && (
        <p className="text-muted-foreground">
          No ticket is open, and none was completed in this range. The charts fill as tickets move{" "}
          <Link
            to="/w/$workflowId"
            params={{ workflowId: context.workflowId }}
            search={{}}
            className="text-accent-foreground underline underline-offset-2"
          >
            on the board
          </Link>
          .
        </p>
      )}
    </>
  );
}

interface FigureProps {
  name: string;
  /** Null while it is read. */
  value: string | null;
  note: ReactNode;
  warn?: boolean;
}

function Figure({ name, value, note, warn }: FigureProps) {
  return (
    <div className="-mt-px -ml-px border-t border-l px-4 py-3">
      <dt className="text-muted-foreground text-xs">{name}</dt>
      <dd className={cn("tabular mt-0.5 min-h-7 font-semibold text-xl", warn && "text-danger")}>{value ?? " "}</dd>
      <dd className="min-h-4 text-2xs text-muted-foreground">{value === null ? "" : note}</dd>
    </div>
  );
}
