/** Usage of models, and rows of reports. */
import type { UsageTotals } from "./job";
import type { Complete, Schemas } from "./schema";

export type UsageGroup = Omit<Complete<Schemas["UsageGroup"]>, "usage"> & { usage: UsageTotals };
export type ReportRow = Readonly<Record<string, unknown>>;
