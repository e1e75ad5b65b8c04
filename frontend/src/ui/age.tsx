import { cn } from "./cn";
import { formatTime } from "./time";
import { createTick } from "./use-tick";

const useEverySecond = createTick(1_000);

/** "5 s", "12 min", "3 h", "2 d": the two sides of a clock that differ do not make an age negative. */
export function formatAge(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}

interface Props {
  at: string;
  /** Seconds after which the age is shown as a warning. */
  warnAfter?: number;
  className?: string;
}

/** How long ago something was, to the second. Only this text is rendered again as time passes. */
export function Age({ at, warnAfter, className }: Props) {
  useEverySecond();
  const age = Date.now() - Date.parse(at);
  const late = warnAfter !== undefined && age > warnAfter * 1_000;
  return (
    <time dateTime={at} title={formatTime(at)} className={cn("tabular", late && "text-warning", className)}>
      {formatAge(age)}
    </time>
  );
}
