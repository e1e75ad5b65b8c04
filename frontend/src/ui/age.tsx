import { useSyncExternalStore } from "react";
import { cn } from "./cn";
import { formatTime } from "./time";

let lastTick = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    lastTick = Date.now();
    for (const notify of listeners) notify();
  }, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

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
  useSyncExternalStore(subscribe, () => lastTick);
  const age = Date.now() - Date.parse(at);
  const late = warnAfter !== undefined && age > warnAfter * 1_000;
  return (
    <time dateTime={at} title={formatTime(at)} className={cn("tabular", late && "text-warning", className)}>
      {formatAge(age)}
    </time>
  );
}
