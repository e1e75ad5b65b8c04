/** Due dates: days without a time, compared with the day that it is in the workflow's time zone. */

import type { Card } from "@/api/types";
import { LOCALE } from "@/ui/locale";

export type DueState = "overdue" | "soon" | "later";

/** How many days before its due day a ticket is marked. */
const SOON_DAYS = 2;
const DAY_MS = 86_400_000;
const SHORT = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short", timeZone: "UTC" });
const WITH_YEAR = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeZone: "UTC" });

/** The day that it is in a time zone, like `2026-01-31`; in UTC if the browser does not know the zone. */
export function todayIn(timeZone: string | undefined, now = Date.now()): string {
  try {
    return dayFormat(timeZone || "UTC").format(now);
  } catch {
    return dayFormat("UTC").format(now);
  }
}

/** Boards ask with every event, and making one takes half a millisecond. */
const dayFormats = new Map<string, Intl.DateTimeFormat>();

function dayFormat(timeZone: string): Intl.DateTimeFormat {
  let format = dayFormats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
    dayFormats.set(timeZone, format);
  }
  return format;
}

/** Whether a ticket is late or nearly due; null without a due date, or when it is resolved. */
export function dueState(
  { due_on, is_resolved }: Pick<Card, "due_on" | "is_resolved">,
  today: string,
): DueState | null {
  if (!due_on || is_resolved) return null;
  if (due_on < today) return "overdue";
  return Date.parse(due_on) - Date.parse(today) <= SOON_DAYS * DAY_MS ? "soon" : "later";
}

/** A day as people write it: with the year if it is another one. */
export function formatDay(day: string, today: string): string {
  const at = Date.parse(day);
  return Number.isNaN(at) ? day : (day.slice(0, 4) === today.slice(0, 4) ? SHORT : WITH_YEAR).format(at);
}

const LABELS: Record<DueState, string> = { overdue: "Overdue, was due", soon: "Due soon,", later: "Due" };

/** What a due date says, for titles and screen readers. */
export function describeDue(state: DueState, day: string, today: string): string {
  const word = state === "soon" && day === today ? "Due today," : LABELS[state];
  return `${word} ${WITH_YEAR.format(Date.parse(day))}`;
}
