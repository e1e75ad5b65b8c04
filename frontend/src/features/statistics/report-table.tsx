import { useState } from "react";
import type { Report, ReportColumn, ReportRow } from "@/api/reports";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { LOCALE } from "@/ui/locale";
import { type ChartContext, groupValueOf, priorityOf, typeOf } from "./charts/context";
import { formatFigure, formatSeconds, humanize } from "./formats";

interface Props {
  report: Report;
  context: ChartContext;
  title: string;
}

const PAGE = 100;
const NUMERIC = new Set(["integer", "number", "seconds"]);
/** Ids that stand beside a name, and what is the same in each row. The CSV has them. */
const HIDDEN: Record<string, string | null> = {
  workflow_id: null,
  finding_id: "message",
  subject: "message",
  status: "status_name",
  agent_id: "agent",
  assigned_agent_id: "assigned_to",
};
const HEADINGS: Record<string, string> = {
  p50: "Median",
  p85: "85% within",
  p95: "95% within",
  status_name: "Column",
  ticket_type: "Type",
  group_value: "Group",
  wip_limit: "Limit",
  ticket_id: "Ticket",
  agent_id: "Assignee",
  agent: "Assignee",
};

/** The rows of a chart. */
export function ReportTable({ report, context, title }: Props) {
  const [shown, setShown] = useState(PAGE);
  const names = new Set(report.columns.map(({ name }) => name));
  const columns = report.columns.filter(({ name }) => {
    const beside = HIDDEN[name];
    return beside === undefined || (beside !== null && !names.has(beside));
  });
  const rows = report.rows.slice(0, shown);
  if (rows.length === 0) return <p className="py-8 text-center text-muted-foreground">The report has no rows.</p>;
  return (
    <div className="grid gap-2">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <section aria-label={`Table: ${title}`} tabIndex={0} className="scroll-thin max-h-80 overflow-auto rounded-md">
        <table className="w-full border-separate border-spacing-0 text-xs">
          <thead>
            <tr>
              {columns.map((column) => (
                <th
                  key={column.name}
                  scope="col"
                  title={column.description ?? undefined}
                  className={cn(
                    "sticky top-0 whitespace-nowrap border-b bg-surface px-2 py-1.5 font-medium text-muted-foreground first:pl-0",
                    NUMERIC.has(column.type) ? "text-right" : "text-left",
                  )}
                >
                  {headingOf(column.name, report)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows have no key, and none has state
              <tr key={index}>
                {columns.map((column) => (
                  <td
                    key={column.name}
                    className={cn(
                      "max-w-72 truncate border-b px-2 py-1.5 first:pl-0",
                      NUMERIC.has(column.type) && "tabular text-right",
                    )}
                  >
                    <Cell row={row} column={column} report={report} context={context} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {report.rows.length > shown && (
        <div className="text-center">
          <Button size="sm" variant="ghost" onClick={() => setShown((old) => old + PAGE * 5)}>
            Show more of {report.rows.length.toLocaleString(LOCALE)} rows
          </Button>
        </div>
      )}
    </div>
  );
}

export function headingOf(name: string, report: Pick<Report, "group">): string {
  if (name === "group_value" && report.group)
    return report.group === "agent" ? "Assignee" : humanize(report.group).replace("Ticket type", "Type");
  const plain = name.replace(/_seconds$/, "");
  const known = HEADINGS[plain];
  if (known) return known;
  const percentile = /^(.*)_(p\d+)$/.exec(plain);
  if (percentile) return `${humanize(percentile[1] ?? "")}, ${(HEADINGS[percentile[2] ?? ""] ?? "").toLowerCase()}`;
  return humanize(plain);
}

interface CellProps {
  row: ReportRow;
  column: ReportColumn;
  report: Report;
  context: ChartContext;
}

function Cell({ row, column: { name, type }, report, context }: CellProps) {
  const value = row[name];
  if (name === "group_value") return groupValueOf(context, report.group, typeof value === "string" ? value : null).name;
  if (name === "agent" || name === "assigned_to") return typeof value === "string" ? value : "Unassigned";
  if (name === "currency" && value === null)
    return <Missing text={row.usage_reported === false ? "no report" : "no cost"} />;
  if (value === null || value === undefined) return <Missing text={isUsage(name) ? "no report" : "–"} />;
  if (typeof value === "number") return type === "seconds" ? formatSeconds(value) : formatFigure(value, share(name));
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (typeof value !== "string") return JSON.stringify(value);
  if (name === "ticket_id") return <TicketButton id={value} text={String(row.key ?? "Open")} context={context} />;
  if (name === "agent_id") return context.nameOf(value).name;
  if (name === "ticket_type") return typeOf(context, value).name;
  if (name === "priority") return priorityOf(value).name;
  if (name === "kind") return humanize(value);
  if (type === "time")
    return new Date(value).toLocaleString(LOCALE, {
      dateStyle: "medium",
      timeStyle: "short",
      timeZone: report.time_zone,
    });
  return value;
}

const share = (name: string) => (name === "rate" || name === "efficiency" ? "share" : "number");
const isUsage = (name: string) => name === "cost" || name.endsWith("_tokens");

function Missing({ text }: { text: string }) {
  return <span className="text-muted-foreground">{text}</span>;
}

function TicketButton({ id, text, context }: { id: string; text: string; context: ChartContext }) {
  return (
    <button
      type="button"
      className="rounded text-accent-foreground underline-offset-2 hover:underline"
      onClick={() => context.openTicket(id)}
    >
      {text}
    </button>
  );
}
