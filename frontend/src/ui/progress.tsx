import { cn } from "./cn";

export type ProgressTone = "moving" | "resting" | "done" | "failed" | "over";

const TONES: Record<ProgressTone, string> = {
  moving: "bg-primary",
  resting: "bg-warning",
  done: "bg-success",
  failed: "bg-danger",
  over: "bg-border-strong",
};

interface Props {
  /** Percent. */
  value: number;
  label: string;
  /** How it stands: the bar's color. */
  tone?: ProgressTone;
  className?: string;
}

export function Progress({ value, label, tone = "moving", className }: Props) {
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
