/** Colors of charts, in both themes. Columns, types and priorities have their own. */
import { hueOf } from "@/entities/actor/avatar";

const PALETTE = 8;

export const chartColor = (index: number): string => `var(--chart-${(index % PALETTE) + 1})`;

export const PRIORITY_COLORS: Record<string, string> = {
  critical: "var(--danger)",
  high: "var(--warning)",
  medium: "var(--muted-foreground)",
  low: "color-mix(in oklch, var(--muted-foreground) 58%, var(--surface))",
};

/** The color of an actor's avatar. */
export const actorColor = (id: string): string => (id ? `oklch(0.6 0.13 ${hueOf(id)})` : "var(--chart-8)");
