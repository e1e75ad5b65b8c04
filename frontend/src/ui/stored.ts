/** Values kept in this browser, as JSON. Where storage is blocked, they last until the page is closed. */
import { useSyncExternalStore } from "react";

export interface Stored<Value> {
  get: () => Value;
  set: (next: Value) => void;
  subscribe: (listener: () => void) => () => void;
}

/** `read` turns what is stored, which may be anything, into a value. */
export function stored<Value>(key: string, read: (value: unknown) => Value): Stored<Value> {
  const listeners = new Set<() => void>();
  let value = read(parse(key));
  return {
    get: () => value,
    set: (next) => {
      value = next;
      try {
        localStorage.setItem(key, JSON.stringify(next));
      } catch {
        // Storage is blocked.
      }
      for (const listener of listeners) listener();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function useStored<Value>(item: Stored<Value>): Value {
  return useSyncExternalStore(item.subscribe, item.get);
}

function parse(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}
