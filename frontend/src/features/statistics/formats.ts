/** How figures, durations and periods are written. */
import { LOCALE } from "@/ui/locale";
import type { Unit } from "./statistics-state";
import { addDays } from "./statistics-state";

/** What a figure counts: whole things, any number, seconds, or a share from 0 to 1. */
export type Kind = "count" | "number" | "seconds" | "share";

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;
const NUMBER = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 2 });
const COMPACT = new Intl.NumberFormat(LOCALE, { notation: "compact", maximumFractionDigits: 1 });
const SHORT = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short", timeZone: "UTC" });
const LONG = new Intl.DateTimeFormat(LOCALE, {
  weekday: "short",
  day: "numeric",
  month: "short",
  year: "numeric",
  timeZone: "UTC",
});
const MONTH = new Intl.DateTimeFormat(LOCALE, { month: "short", year: "2-digit", timeZone: "UTC" });
const LONG_MONTH = new Intl.DateTimeFormat(LOCALE, { month: "long", year: "numeric", timeZone: "UTC" });

/** A duration in its two largest units: "3d 4h", "2h 15m", "45s". */
export function formatSeconds(seconds: number): string {
  const total = Math.round(seconds);
  if (total < MINUTE) return `${total}s`;
  const [large, size, small, part] = total >= DAY ? ["d", DAY, "h", HOUR] : ["h", HOUR, "m", MINUTE];
  if (total < HOUR) return `${Math.round(total / MINUTE)}m`;
  // Rounded before it is split, so that 23 hours and 59.9 minutes are not "23h 60m".
  const parts = Math.round(total / (part as number));
  const each = (size as number) / (part as number);
  const [whole, rest] = [Math.floor(parts / each), parts % each];
  if (large === "h" && whole === 24) return "1d";
  return rest === 0
    ? `${whole.toLocaleString(LOCALE)}${large}`
    : `${whole.toLocaleString(LOCALE)}${large} ${rest}${small}`;
}

export function formatFigure(value: number, kind: Kind): string {
  if (kind === "seconds") return formatSeconds(value);
  if (kind === "share") return `${Math.round(value * 100)}%`;
  return NUMBER.format(value);
}

/** The same, as short as an axis needs. */
export function formatTick(value: number, kind: Kind): string {
  return (kind === "count" || kind === "number") && value >= 10_000 ? COMPACT.format(value) : formatFigure(value, kind);
}

/** In what steps an axis counts, so that durations have round hours or days. */
export function stepOf(max: number, kind: Kind): number {
  if (kind !== "seconds") return 1;
  return max >= 2 * DAY ? DAY : max >= 2 * HOUR ? HOUR : max >= 2 * MINUTE ? MINUTE : 1;
}

/** A period as a label of an axis. */
export function periodTick(period: string, unit: Unit): string {
  return (unit === "month" ? MONTH : SHORT).format(Date.parse(period));
}

/** A period in full. `last` is the last day that it can hold: a period that ends later goes on. */
export function periodTitle(period: string, unit: Unit, last?: string): string {
  const at = Date.parse(period);
  const name =
    unit === "month" ? LONG_MONTH.format(at) : unit === "week" ? `Week of ${SHORT.format(at)}` : LONG.format(at);
  const end = unit === "week" ? addDays(period, 6) : unit === "month" ? lastOfMonth(period) : period;
  return last !== undefined && end > last ? `${name}, until ${SHORT.format(Date.parse(last))}` : name;
}

function lastOfMonth(day: string): string {
  const [year, month] = day.split("-").map(Number);
  return new Date(Date.UTC(year ?? 0, month ?? 1, 0)).toISOString().slice(0, 10);
}

export const formatLongDay = (day: string): string => LONG.format(Date.parse(day));
export const formatShortDay = (day: string): string => SHORT.format(Date.parse(day));

/** A name in the data as people read it: "likely_duplicate" is "Likely duplicate". */
export function humanize(name: string): string {
  const words = name.replaceAll("_", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
