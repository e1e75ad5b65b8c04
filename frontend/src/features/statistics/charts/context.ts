/** What all charts of the page share. */
import type { NameOf } from "@/api/hooks";
import type { Report, ReportQuery } from "@/api/reports";
import type { Column, TicketType } from "@/api/types";
import { PRIORITY_NAMES } from "@/entities/ticket/priority-icon";
import { cssColor } from "@/ui/color";
import { actorColor, chartColor, PRIORITY_COLORS } from "../chart/colors";
import { humanize } from "../formats";
import type { Group, Range } from "../statistics-state";

/** What a report is given beside its workflow and the time zone. */
export type Takes = "range" | "unit" | "group" | "milestone";

export interface ChartContext {
  workflowId: string;
  range: Range;
  /** The time zone that was chosen; undefined for the workflow's. */
  tz: string | undefined;
  group: Group | undefined;
  milestone: string | undefined;
  columns: readonly Column[];
  types: readonly TicketType[];
  nameOf: NameOf;
  openTicket: (ticketId: string) => void;
}

export interface ChartProps {
  report: Report;
  context: ChartContext;
  title: string;
}

export function queryFor(context: ChartContext, takes: readonly Takes[]): ReportQuery {
  const { workflowId: workflow_id, range, tz, group, milestone } = context;
  return {
    workflow_id,
    ...(tz ? { tz } : {}),
    ...(takes.includes("range") ? { from: range.from, ...(range.preset ? {} : { to: range.to }) } : {}),
    ...(takes.includes("unit") ? { unit: range.unit } : {}),
    ...(takes.includes("group") && group ? { group } : {}),
    ...(takes.includes("milestone") && milestone ? { milestone } : {}),
  };
}

export interface Named {
  name: string;
  color: string;
}

export function columnOf({ columns }: ChartContext, id: string, name?: string | null): Named {
  const column = columns.find((one) => one.id === id);
  return { name: column?.name ?? name ?? id, color: cssColor(column?.color) };
}

export function typeOf({ types }: ChartContext, id: string): Named {
  const type = types.find((one) => one.id === id);
  return { name: type?.name ?? humanize(id), color: type?.color ? cssColor(type.color) : chartColor(7) };
}

export function priorityOf(id: string): Named {
  const name = (PRIORITY_NAMES as Record<string, string>)[id] ?? humanize(id);
  return { name, color: PRIORITY_COLORS[id] ?? chartColor(7) };
}

/** The name and color of a value by which rows are split. */
export function groupValueOf(context: ChartContext, group: string | null | undefined, value: string | null): Named {
  if (group === "ticket_type" && value) return typeOf(context, value);
  if (group === "priority" && value) return priorityOf(value);
  if (group === "agent") return { name: context.nameOf(value).name, color: actorColor(value ?? "") };
  return { name: value ?? "All", color: chartColor(0) };
}
