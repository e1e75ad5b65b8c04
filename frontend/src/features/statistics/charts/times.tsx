/** Charts of how long single tickets took, or have been taking. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { tickets } from "@/api";
import type { ReportRow } from "@/api/reports";
import { LOCALE } from "@/ui/locale";
import { useDebouncedValue } from "@/ui/use-debounced-value";
import { BarList, type BarRow } from "../chart/bar-list";
import { type Dot, DotChart } from "../chart/dot-chart";
import { formatSeconds, formatShortDay } from "../formats";
import { numberOf, textOf } from "../rows";
import { addDays, daysBetween } from "../statistics-state";
import { useReport } from "../use-report";
import { type ChartContext, type ChartProps, columnOf, groupValueOf, priorityOf, queryFor, typeOf } from "./context";

const DAY_MS = 86_400_000;
/** What is read about a ticket waits until the pointer rests. */
const REST_MS = 150;
const LIMITS = [
  ["50%", "cycle_p50_seconds"],
  ["85%", "cycle_p85_seconds"],
  ["95%", "cycle_p95_seconds"],
] as const;

/** The percentiles of cycle times in the range. */
function useLimits(context: ChartContext) {
  const query = { ...queryFor(context, ["range"]), unit: "all" };
  const row = useReport("cycle_times", query, { enabled: true }).data?.report.rows[0];
  return LIMITS.flatMap(([name, field]) => {
    const seconds = numberOf(row, field);
    return seconds === null ? [] : [{ name, seconds }];
  });
}

/** The key and title of the ticket under the pointer; the report of the past has neither. */
function useTicketName(ticketId: string | undefined) {
  const resting = useDebouncedValue(ticketId, REST_MS);
  const { data } = useQuery({
    queryKey: ["ticket-name", resting],
    queryFn: ({ signal }) => tickets.get(resting ?? "", signal),
    enabled: resting !== undefined,
    staleTime: DAY_MS,
    retry: false,
  });
  return resting === ticketId && data ? `${data.key} ${data.title}` : undefined;
}

const GROUP_FIELDS = { ticket_type: "ticket_type", priority: "priority", agent: "agent_id" } as const;

export function CycleScatter({ report, context, title }: ChartProps) {
  const limits = useLimits(context);
  const [chosen, setChosen] = useState<string | undefined>();
  const name = useTicketName(chosen);
  const group = context.group ?? "ticket_type";
  const rows = report.rows.filter((row) => row.is_suspect !== true && numberOf(row, "cycle_time_seconds") !== null);
  const [from, to] = [report.from ?? context.range.from, report.to ?? context.range.to];
  const span = daysBetween(from, to) * DAY_MS;
  const start = startOf(from, report.time_zone);
  const named = (row: ReportRow) => groupValueOf(context, group, textOf(row, GROUP_FIELDS[group]));
  const dots = rows.map(
    (row): Dot => ({
      id: `${row.ticket_id} ${row.completed_at}`,
      at: Math.min(1, Math.max(0, (Date.parse(String(row.completed_at)) - start) / span)),
      seconds: numberOf(row, "cycle_time_seconds") ?? 0,
      color: named(row).color,
    }),
  );
  const legend = [...new Map(rows.map((row) => [named(row).name, named(row)])).values()].slice(0, 10);
  const idOf = (index: number) => String(rows[index]?.ticket_id ?? "");
  return (
    <DotChart
      label={title}
      dots={dots}
      legend={legend}
      limits={limits}
      labels={dayLabels(from, to)}
      onChosen={(index) => setChosen(index === null ? undefined : idOf(index))}
      onOpen={(index) => context.openTicket(idOf(index))}
      tipOf={(index) => {
        const row = rows[index];
        const lead = numberOf(row, "lead_time_seconds");
        return {
          title: (idOf(index) === chosen ? name : undefined) ?? `Completed ${completedOn(row, report.time_zone)}`,
          rows: [
            { name: "Cycle time", value: formatSeconds(numberOf(row, "cycle_time_seconds") ?? 0) },
            ...(lead === null ? [] : [{ name: "Lead time", value: formatSeconds(lead) }]),
            { name: "Type", value: typeOf(context, textOf(row, "ticket_type") ?? "").name },
            { name: "Priority", value: priorityOf(textOf(row, "priority") ?? "").name },
            { name: "Assignee", value: context.nameOf(textOf(row, "agent_id")).name },
            ...(name && idOf(index) === chosen
              ? [{ name: "Completed", value: completedOn(row, report.time_zone) }]
              : []),
          ],
        };
      }}
    />
  );
}

function completedOn(row: ReportRow | undefined, timeZone: string): string {
  return new Date(String(row?.completed_at)).toLocaleDateString(LOCALE, { dateStyle: "medium", timeZone });
}

/** When a day begins in a time zone, to the hour that its offset has at noon. */
function startOf(day: string, timeZone: string): number {
  const noon = new Date(`${day}T12:00:00Z`);
  const there = noon.toLocaleString("sv-SE", { timeZone });
  return Date.parse(`${day}T00:00:00Z`) - (Date.parse(`${there.replace(" ", "T")}Z`) - noon.getTime());
}

/** Five or six days across a range. */
function dayLabels(from: string, to: string) {
  const days = daysBetween(from, to);
  const step = Math.max(1, Math.ceil(days / 6));
  const labels: { at: number; text: string }[] = [];
  for (let day = 0; day < days; day += step) {
    labels.push({ at: (day + 0.5) / days, text: formatShortDay(addDays(from, day)) });
  }
  return labels;
}

export function AgeingChart({ report, context, title }: ChartProps) {
  const limits = useLimits(context);
  const present = context.columns.filter(({ id }) => report.rows.some((row) => row.status === id));
  const places = new Map(present.map(({ id }, index) => [id, index]));
  const rows = report.rows
    .filter((row) => places.has(textOf(row, "status") ?? ""))
    .sort((a, b) => rank(a, places) - rank(b, places) || age(a) - age(b));
  const inColumn = new Map<string, number>();
  const dots = rows.map((row): Dot => {
    const id = textOf(row, "status") ?? "";
    const count = inColumn.get(id) ?? 0;
    inColumn.set(id, count + 1);
    // Dots of a column stand beside each other, so that equal ages do not hide each other.
    const spread = ((((count * 7) % 11) - 5) / 11) * 0.6;
    return {
      id: String(row.ticket_id),
      at: (rank(row, places) + 0.5 + spread) / present.length,
      seconds: age(row),
      color: row.is_blocked === true ? "var(--danger)" : columnOf(context, id).color,
    };
  });
  return (
    <DotChart
      label={title}
      dots={dots}
      limits={limits}
      labels={present.map(({ name }, index) => ({ at: (index + 0.5) / present.length, text: name }))}
      onOpen={(index) => context.openTicket(String(rows[index]?.ticket_id))}
      tipOf={(index) => {
        const row = rows[index];
        const inStatus = numberOf(row, "age_in_status_seconds");
        return {
          title: `${textOf(row, "key") ?? ""} ${textOf(row, "title") ?? ""}`,
          rows: [
            { name: "Age", value: formatSeconds(age(row)) },
            ...(inStatus === null
              ? []
              : [{ name: `In ${textOf(row, "status_name") ?? "its column"}`, value: formatSeconds(inStatus) }]),
            { name: "Assignee", value: textOf(row, "assigned_to") ?? "Unassigned" },
          ],
          note: row?.is_blocked === true ? "Blocked by another ticket" : undefined,
        };
      }}
    />
  );
}

const age = (row: ReportRow | undefined) => numberOf(row, "age_seconds") ?? 0;
const rank = (row: ReportRow, places: ReadonlyMap<string, number>) => places.get(textOf(row, "status") ?? "") ?? 0;

export function TimeInColumnChart({ report, context, title }: ChartProps) {
  const rows = report.rows.map((row): BarRow => {
    const id = textOf(row, "status") ?? "";
    const { name, color } = columnOf(context, id, textOf(row, "status_name"));
    const average = numberOf(row, "average_time_seconds") ?? 0;
    const p85 = numberOf(row, "p85_seconds");
    const stays = numberOf(row, "stays") ?? 0;
    return {
      id,
      name,
      icon: <span aria-hidden="true" className="size-2 shrink-0 rounded-full" style={{ backgroundColor: color }} />,
      parts: [{ name, value: average, color }],
      value: formatSeconds(average),
      note: `${stays.toLocaleString(LOCALE)} ${stays === 1 ? "stay" : "stays"}${p85 === null ? "" : `, 85% within ${formatSeconds(p85)}`}`,
    };
  });
  return <BarList label={title} rows={rows} />;
}
