/** What the statistics show, kept in the URL so that a view can be shared. */

export type Preset = "7d" | "30d" | "90d";
export type Unit = "day" | "week" | "month";
export type Group = "ticket_type" | "priority" | "agent";

export interface StatisticsState {
  range?: Preset;
  /** A range of its own: the first and the last day. */
  from?: string;
  to?: string;
  unit?: Unit;
  group?: Group;
  tz?: string;
  milestone?: string;
}

export const PRESETS: Record<Preset, number> = { "7d": 7, "30d": 30, "90d": 90 };
export const UNIT_NAMES: Record<Unit, string> = { day: "Day", week: "Week", month: "Month" };
export const GROUP_NAMES: Record<Group, string> = { ticket_type: "Type", priority: "Priority", agent: "Assignee" };
const DEFAULT: Preset = "30d";
const DAY_MS = 86_400_000;
/** The longest range that the server accepts. */
export const MAX_DAYS = 3_660;

export function readStatisticsState(search: Record<string, unknown>): StatisticsState {
  const state: StatisticsState = {};
  const { range, from, to, unit, group, tz, milestone } = search;
  if (isDay(from) && isDay(to) && rangeError(from, to) === null) Object.assign(state, { from, to });
  else if (typeof range === "string" && Object.hasOwn(PRESETS, range)) state.range = range as Preset;
  if (typeof unit === "string" && Object.hasOwn(UNIT_NAMES, unit)) state.unit = unit as Unit;
  if (typeof group === "string" && Object.hasOwn(GROUP_NAMES, group)) state.group = group as Group;
  if (typeof tz === "string" && isTimeZone(tz)) state.tz = tz;
  if (typeof milestone === "string" && milestone !== "") state.milestone = milestone;
  return state;
}

function isDay(value: unknown): value is string {
  return typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value));
}

export function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** Why two days are no range; null if they are one. */
export function rangeError(from: string, to: string): string | null {
  if (!isDay(from) || !isDay(to)) return "Choose both days.";
  if (from > to) return "The first day is after the last.";
  if (daysBetween(from, to) > MAX_DAYS) return "A range can have at most ten years.";
  return null;
}

export function addDays(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}

/** How many days a range has; both of its days are in it. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS) + 1;
}

export interface Range {
  from: string;
  to: string;
  preset: Preset | null;
  unit: Unit;
}

/** The range that a state means. Without a unit, periods are as long as makes a chart readable. */
export function rangeOf(state: StatisticsState, today: string): Range {
  const preset = state.from && state.to ? null : (state.range ?? DEFAULT);
  const to = preset ? today : (state.to ?? today);
  const from = preset ? addDays(today, 1 - PRESETS[preset]) : (state.from ?? today);
  const days = daysBetween(from, to);
  return { from, to, preset, unit: state.unit ?? (days <= 31 ? "day" : days <= 184 ? "week" : "month") };
}
