import { useSyncExternalStore } from "react";

/** A hook that renders its component again at an interval in milliseconds, with one timer for all of them. */
export function createTick(interval: number): () => void {
  let lastTick = Date.now();
  const listeners = new Set<() => void>();
  let timer: ReturnType<typeof setInterval> | undefined;
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    timer ??= setInterval(() => {
      lastTick = Date.now();
      for (const notify of listeners) notify();
    }, interval);
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    };
  };
  return function useTick() {
    useSyncExternalStore(subscribe, () => lastTick);
  };
}
