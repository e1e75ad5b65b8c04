import type { ServerState } from "@/api/types";
import { formatBytes } from "@/ui/bytes";
import { LOCALE } from "@/ui/locale";
import { plural } from "@/ui/plural";
import { panelClass, Section } from "@/ui/section";
import { Fact, Facts } from "./facts";

const kept = (count: number, unit: string, setting: string) =>
  `${count === 0 ? "everything" : plural(count, unit)} (${setting}=${count})`;

/** What takes the disk, and what is kept how long. */
export function Storage({ state: { database, retention } }: { state: ServerState }) {
  const { history, tables } = database;
  const rows = [
    ...tables.map(({ name, bytes, about_rows, partitions }) => ({
      name: partitions > 1 ? `${name} (${plural(partitions, "partition")})` : name,
      bytes,
      about_rows,
    })),
    ...history.newest,
  ];
  return (
    <Section title="Storage" intro="Sizes include indexes. Rows are estimates of the database.">
      <Facts>
        <Fact name="Database">{formatBytes(database.bytes)}</Fact>
        <Fact name="History">
          {formatBytes(history.bytes)} in {plural(history.count, "monthly partition")}
        </Fact>
        <Fact name="History kept">{kept(retention.history_months, "month", "CALLBOARD_HISTORY_MONTHS")}</Fact>
        <Fact name="Security events kept">
          {kept(retention.security_event_days, "day", "CALLBOARD_SECURITY_EVENT_DAYS")}
        </Fact>
        <Fact name="Transcripts kept">{kept(retention.transcript_days, "day", "CALLBOARD_TRANSCRIPT_DAYS")}</Fact>
        <Fact name="Completed tickets">
          {retention.archive_days === 0
            ? "stay on their boards"
            : `archived after ${plural(retention.archive_days, "day")}`}{" "}
          (CALLBOARD_ARCHIVE_DAYS={retention.archive_days})
        </Fact>
      </Facts>
      <div className={panelClass}>
        <table className="tabular w-full text-left">
          <caption className="sr-only">The largest tables, and the newest partitions of history</caption>
          <thead className="border-b text-muted-foreground text-xs">
            <tr>
              <th className="px-4 py-2 font-medium">Table</th>
              <th className="px-2 py-2 text-right font-medium">Size</th>
              <th className="px-4 py-2 text-right font-medium">Rows</th>
            </tr>
          </thead>
          <tbody className="divide-y">
            {rows.map(({ name, bytes, about_rows }) => (
              <tr key={name}>
                <td className="px-4 py-1.5 [overflow-wrap:anywhere]">{name}</td>
                <td className="whitespace-nowrap px-2 py-1.5 text-right">{formatBytes(bytes)}</td>
                <td className="px-4 py-1.5 text-right text-muted-foreground">
                  {about_rows?.toLocaleString(LOCALE) ?? "unknown"}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}
