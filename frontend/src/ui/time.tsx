import { LOCALE } from "./locale";
import { createTick } from "./use-tick";

const FULL = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short" });
const CLOCK = new Intl.DateTimeFormat(LOCALE, { timeStyle: "short" });
const RELATIVE = new Intl.RelativeTimeFormat(LOCALE, { numeric: "auto", style: "narrow" });
const STEPS: ReadonlyArray<[Intl.RelativeTimeFormatUnit, number]> = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** Date and time of day. */
export function formatTime(iso: string): string {
  return FULL.format(new Date(iso));
}

export function formatTimeAgo(iso: string, now: number): string {
  const seconds = (Date.parse(iso) - now) / 1_000;
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return RELATIVE.format(Math.trunc(seconds / size), unit);
  }
  return "just now";
}

const useEveryHalfMinute = createTick(30_000);

/** "5 min ago", updated while the page is open; the title holds the exact time. */
export function TimeAgo({ at, className }: { at: string; className?: string }) {
  useEveryHalfMinute();
  return (
    <time dateTime={at} title={formatTime(at)} className={className}>
      {formatTimeAgo(at, Date.now())}
    </time>
  );
}

/** Only the time of day if it is today, otherwise with the date. */
export function formatMoment(at: number, now = Date.now()): string {
  const moment = new Date(at);
  return (moment.toDateString() === new Date(now).toDateString() ? CLOCK : FULL).format(moment);
}

/** A time in the future: only the time of day if it is today. */
export function formatUpcoming(iso: string): string {
  return formatMoment(Date.parse(iso));
}

/** "2h 15m". */
export function formatDuration(minutes: number): string {
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  if (hours === 0) return `${rest}m`;
  return rest === 0 ? `${hours}h` : `${hours}h ${rest}m`;
}
