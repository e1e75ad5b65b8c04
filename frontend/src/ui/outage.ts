/** Whether the page is cut off from the server, for the parts that would otherwise wait for it. The app tells. */
import { useSyncExternalStore } from "react";

interface Shown {
  /** The moment that the page shows, in milliseconds. */
  asOf: number;
}

let shown: Shown | null = null;
let retry: () => void = () => undefined;
const listeners = new Set<() => void>();

export function showOutage(outage: Shown | null): void {
  shown = outage;
  for (const listener of listeners) listener();
}

/** What "Retry" does, wherever it is pressed. */
export function retryWith(run: () => void): void {
  retry = run;
}

export function retryNow(): void {
  retry();
}

export function getOutage(): Shown | null {
  return shown;
}

export function onOutage(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useOutage(): Shown | null {
  return useSyncExternalStore(onOutage, getOutage);
}
