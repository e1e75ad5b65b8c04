import { cn } from "./cn";

interface Props {
  /** Percent. */
  value: number;
  label: string;
  /** Nothing moves at present. */
  resting?: boolean;
  className?: string;
}

export function Progress({ value, label, resting, className }: Props) {
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
        className={cn("h-full rounded-full transition-[width] duration-300", resting ? "bg-warning" : "bg-primary")}
        style={{ width: `${percent}%` }}
      />
    </div>
  );
}
