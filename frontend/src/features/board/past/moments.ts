/**
 * Moments of a board's past. They are ISO times with up to six digits of a second, as the server writes them: events can
 * be closer to each other than the milliseconds of a `Date`.
 */

const DAY_MS = 86_400_000;

const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric" });
const SHORT_DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const MINUTES = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const SECONDS = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** The moment that a URL names; null if it names none. */
export function parseMoment(text: string): string | null {
  return Number.isNaN(Date.parse(text)) ? null : fromMicroseconds(microseconds(text));
}

/** "17 March 2026, 14:05", with seconds unless it is a whole minute. */
export function formatMoment(at: string): string {
  return `${DAY.format(new Date(at))}, ${formatClock(at)}`;
}

export function formatClock(at: string): string {
  const date = new Date(at);
  return (date.getSeconds() === 0 ? MINUTES : SECONDS).format(date);
}

export function formatDay(at: string): string {
  return SHORT_DAY.format(new Date(at));
}

/** The moment at which the past is opened: a day ago, or half of the life of a younger workflow. */
export function firstMoment(createdAt: string | undefined, now: number): string {
  const created = createdAt === undefined ? Number.NaN : Date.parse(createdAt);
  const wanted = now - DAY_MS;
  if (!(created > wanted)) return fromDate(toMinute(wanted));
  return fromDate(created + (now - created) / 2);
}

/** The same time of day, some days later or earlier. */
export function addDays(at: string, days: number): string {
  const date = new Date(at);
  date.setDate(date.getDate() + days);
  return fromDate(date.getTime());
}

/** The last moment before an event. */
export function justBefore(at: string): string {
  return fromMicroseconds(microseconds(at) - 1);
}

export function clampMoment(at: string, first: string, last: string): string {
  if (microseconds(at) < microseconds(first)) return first;
  return microseconds(at) > microseconds(last) ? last : at;
}

export function isBefore(one: string, other: string): boolean {
  return microseconds(one) < microseconds(other);
}

/** The moment at a part (0 to 1) of a span. In a long span it is a whole minute, which is easier to read and to share. */
export function momentAt(part: number, first: string, last: string): string {
  const [start, end] = [Date.parse(first), Date.parse(last)];
  const time = start + (end - start) * part;
  return clampMoment(fromDate(end - start > 2 * DAY_MS ? toMinute(time) : time), first, last);
}

/** Where in a span a moment is, from 0 to 1. */
export function partOf(at: string, first: string, last: string): number {
  const [start, end] = [Date.parse(first), Date.parse(last)];
  return end <= start ? 1 : Math.min(1, Math.max(0, (Date.parse(at) - start) / (end - start)));
}

/** The value of a field of date and time, in the browser's time zone. */
export function toFieldValue(at: string): string {
  const date = new Date(at);
  const two = (number: number) => String(number).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return `${day}T${time}${date.getSeconds() === 0 ? "" : `:${two(date.getSeconds())}`}`;
}

/** Null while the field is incomplete. */
export function fromFieldValue(value: string): string | null {
  const time = new Date(value).getTime();
  return Number.isNaN(time) ? null : fromDate(time);
}

export function fromDate(time: number): string {
  return fromMicroseconds(Math.round(time) * 1_000);
}

function toMinute(time: number): number {
  return Math.floor(time / 60_000) * 60_000;
}

function microseconds(at: string): number {
  const beyond = /\.\d{3}(\d{1,3})/.exec(at)?.[1] ?? "";
  return Date.parse(at) * 1_000 + Number(beyond.padEnd(3, "0"));
}

function fromMicroseconds(time: number): string {
  const whole = new Date(Math.floor(time / 1_000)).toISOString().slice(0, -1);
  const beyond = String(time - Math.floor(time / 1_000) * 1_000).padStart(3, "0");
  return `${`${whole}${beyond}`.replace(/\.?0+$/, "")}Z`;
}
