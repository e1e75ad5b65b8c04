/** Usage of models. */
import type { UsageTotals } from "./job";
import type { Complete, Schemas } from "./schema";

export type UsageGroup = Omit<Complete<Schemas["UsageGroup"]>, "usage"> & { usage: UsageTotals };
