import type { Priority } from "@/api/types";
import { cn } from "@/ui/cn";

export const PRIORITIES: readonly Priority[] = ["critical", "high", "medium", "low"];

export const PRIORITY_NAMES: Record<Priority, string> = {
  critical: "Critical",
  high: "High",
  medium: "Medium",
  low: "Low",
};

const BARS: Record<Priority, number> = { critical: 0, high: 3, medium: 2, low: 1 };

/** Bars that fill with priority. Critical has its own shape, so that color is never the only difference. */
export function PriorityIcon({ priority, className }: { priority: Priority; className?: string }) {
  const label = `${PRIORITY_NAMES[priority] ?? priority} priority`;
  return (
    <svg viewBox="0 0 16 16" role="img" aria-label={label} className={cn("size-4 shrink-0", className)}>
      <title>{label}</title>
      {priority === "critical" ? (
        <>
          <rect x="1.5" y="1.5" width="13" height="13" rx="3.5" className="fill-danger" />
          <path d="M8 4.5v4.2M8 11.1v.4" strokeWidth="1.8" strokeLinecap="round" className="stroke-surface" />
        </>
      ) : (
        [0, 1, 2].map((bar) => (
          <rect
            key={bar}
            x={2 + bar * 4.4}
            y={10 - bar * 3.5}
            width="3"
            height={4 + bar * 3.5}
            rx="1"
            className={cn(
              bar < BARS[priority]
                ? priority === "high"
                  ? "fill-warning"
                  : "fill-muted-foreground"
                : "fill-border-strong",
            )}
          />
        ))
      )}
    </svg>
  );
}
