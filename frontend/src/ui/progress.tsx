import { cn } from "./cn";

export type ProgressTone = "active" | "paused" | "success" | "error" | "neutral";

const TONES: Record<ProgressTone, string> = {
  active: "bg-primary",
  paused: "bg-warning",
  success: "bg-success",
  error: "bg-danger",
  neutral: "bg-border-strong",
};

interface Props {
  /** Percent. */
  value: number;
  label: string;
  /** The state, shown as the color of the bar. Defaults to "active". */
  tone?: ProgressTone;
  className?: string;
}

export function Progress({ value, label, tone = "active", className }: Props) {
  const percent = Math.round(Math.min(100, Math.max(0, value)));
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      className={cn("h-1 overflow-hidden rounded-full bg-border", className)}
    >
      <div
        className={cn("h-full rounded-full transition-[width] duration-300", TONES[tone])}
        style={{ width: `${percent}%` }}
      />
    </div>
  );
}
