/** Charts of the present: what is where, and who has it. */

import { Avatar } from "@/entities/actor/avatar";
import { PRIORITIES } from "@/entities/ticket/priority-icon";
import { TypeIcon } from "@/entities/ticket/type-icon";
import { plural } from "@/ui/plural";
import { BarList, type BarRow } from "../chart/bar-list";
import { formatFigure, formatSeconds } from "../formats";
import { distinct, numberOf, textOf } from "../rows";
import { type ChartProps, columnOf, priorityOf, typeOf } from "./context";

export function StatusChart({ report, context, title }: ChartProps) {
  const rows = report.rows.map((row): BarRow => {
    const id = textOf(row, "status") ?? "";
    const { name, color } = columnOf(context, id, textOf(row, "status_name"));
    const [tickets, limit] = [numberOf(row, "tickets") ?? 0, numberOf(row, "wip_limit")];
    return {
      id,
      name,
      icon: <span aria-hidden="true" className="size-2 shrink-0 rounded-full" style={{ backgroundColor: color }} />,
      parts: [{ name, value: tickets, color }],
      value: formatFigure(tickets, "count"),
      note: limit === null ? undefined : tickets > limit ? `over its limit of ${limit}` : `limit ${limit}`,
      warn: limit !== null && tickets > limit,
    };
  });
  return <BarList label={title} rows={rows} />;
}

export function TypePriorityChart({ report, context, title }: ChartProps) {
  const types = distinct(report.rows, "ticket_type");
  const cell = (type: string | null, priority: string | null) =>
    report.rows
      .filter((row) => (type === null || row.ticket_type === type) && (priority === null || row.priority === priority))
      .reduce((sum, row) => sum + (numberOf(row, "tickets") ?? 0), 0);
  const most = Math.max(1, ...types.flatMap((type) => PRIORITIES.map((priority) => cell(type, priority))));
  return (
    <table aria-label={title} className="w-full table-fixed border-separate border-spacing-0.5">
      <thead>
        <tr className="text-2xs text-muted-foreground sm:text-xs">
          <th scope="col" className="w-[28%] pb-1 text-left font-medium">
            Type
          </th>
          {PRIORITIES.map((priority) => (
            <th key={priority} scope="col" className="truncate pb-1 font-medium">
              {priorityOf(priority).name}
            </th>
          ))}
          <th scope="col" className="pb-1 text-right font-medium">
            All
          </th>
        </tr>
      </thead>
      <tbody>
        {types.map((type) => (
          <tr key={type}>
            <th scope="row" className="text-left font-normal">
              <span className="flex items-center gap-1.5">
                <TypeIcon type={context.types.find(({ id }) => id === type)} id={type} />
                <span className="truncate">{typeOf(context, type).name}</span>
              </span>
            </th>
            {PRIORITIES.map((priority) => {
              const tickets = cell(type, priority);
              return (
                <td
                  key={priority}
                  className="tabular h-8 rounded-md text-center"
                  style={{ backgroundColor: shade(tickets / most) }}
                >
                  {tickets === 0 ? <span className="text-muted-foreground">0</span> : formatFigure(tickets, "count")}
                </td>
              );
            })}
            <td className="tabular text-right font-medium">{formatFigure(cell(type, null), "count")}</td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr className="tabular text-muted-foreground">
          <th scope="row" className="pt-1 text-left font-medium">
            All
          </th>
          {PRIORITIES.map((priority) => (
            <td key={priority} className="pt-1 text-center">
              {formatFigure(cell(null, priority), "count")}
            </td>
          ))}
          <td className="pt-1 text-right font-medium text-foreground">{formatFigure(cell(null, null), "count")}</td>
        </tr>
      </tfoot>
    </table>
  );
}

/** At most a third of the color, so that text on it stays readable in both themes. */
const shade = (share: number): string =>
  share === 0 ? "var(--sunken)" : `color-mix(in oklch, var(--chart-1) ${Math.round(8 + share * 26)}%, var(--surface))`;

const WORKLOAD_PARTS = [
  ["active", "In progress", "var(--chart-1)"],
  ["waiting", "Not started", "color-mix(in oklch, var(--chart-1) 38%, var(--surface))"],
] as const;
const MOST_ACTORS = 12;

export function WorkloadChart({ report, context, title }: ChartProps) {
  const rows = report.rows.slice(0, MOST_ACTORS).map((row): BarRow => {
    const id = textOf(row, "agent_id") ?? "";
    const actor = context.nameOf(id || null);
    const name = textOf(row, "agent") ?? actor.name;
    const figure = (field: string) => numberOf(row, field) ?? 0;
    const [open, active, blocked, completed] = [
      figure("open"),
      figure("active"),
      figure("blocked"),
      figure("completed"),
    ];
    const median = numberOf(row, "median_cycle_time_seconds");
    const notes = [
      blocked > 0 && `${blocked} blocked`,
      completed > 0 && `${completed} completed`,
      median !== null && `median ${formatSeconds(median)}`,
    ];
    return {
      id: id || "nobody",
      name: id ? name : "Unassigned",
      icon: id && <Avatar id={id} name={name} agent={actor.agent} />,
      parts: WORKLOAD_PARTS.map(([key, part, color]) => ({
        name: part,
        color,
        value: key === "active" ? active : open - active,
      })),
      value: `${formatFigure(open, "count")} open`,
      note: notes.filter(Boolean).join(", ") || undefined,
    };
  });
  const left = report.rows.length - rows.length;
  return (
    <div className="grid gap-3">
      <BarList label={title} rows={rows} />
      <ul className="flex flex-wrap gap-x-3 gap-y-1 text-muted-foreground text-xs">
        {WORKLOAD_PARTS.map(([key, name, color]) => (
          <li key={key} className="flex items-center gap-1.5">
            <span className="size-2.5 rounded-[2px]" style={{ backgroundColor: color }} aria-hidden="true" />
            {name}
          </li>
        ))}
        {left > 0 && <li className="ml-auto">{plural(left, "more assignee")} in the table</li>}
      </ul>
    </div>
  );
}
