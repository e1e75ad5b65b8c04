/**
 * Items that the user has dealt with, hidden at once and reported to the server a moment later, so that it can be undone.
 * Kept outside of the page: leaving Home does not lose what was marked on it.
 */
import { useSyncExternalStore } from "react";

const UNDO_MS = 6_000;

interface Pending {
  ids: ReadonlySet<string>;
  /** Reports it; the items are shown again if this fails. */
  send: () => Promise<void>;
  timer: ReturnType<typeof setTimeout> | undefined;
}

export class HiddenItems {
  private readonly pending = new Set<Pending>();
  private ids: ReadonlySet<string> = new Set();
  private readonly listeners = new Set<() => void>();

  /** Hides items until `send` is done, which starts in a moment. Returns the way back. */
  hide(ids: Iterable<string>, send: () => Promise<void>, delay = UNDO_MS): () => void {
    const entry: Pending = { ids: new Set(ids), send, timer: undefined };
    entry.timer = setTimeout(() => void this.report(entry), delay);
    this.pending.add(entry);
    this.update();
    return () => {
      // Too late once it is being sent.
      if (entry.timer === undefined) return;
      clearTimeout(entry.timer);
      this.pending.delete(entry);
      this.update();
    };
  }

  /** Reports everything at once, for when the page is closed. */
  flush(): void {
    for (const entry of [...this.pending]) if (entry.timer !== undefined) void this.report(entry);
  }

  readonly get = (): ReadonlySet<string> => this.ids;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private async report(entry: Pending): Promise<void> {
    clearTimeout(entry.timer);
    entry.timer = undefined;
    try {
      await entry.send();
    } finally {
      this.pending.delete(entry);
      this.update();
    }
  }

  private update(): void {
    this.ids = new Set([...this.pending].flatMap(({ ids }) => [...ids]));
    for (const listener of this.listeners) listener();
  }
}

export const hiddenItems = new HiddenItems();
globalThis.addEventListener?.("pagehide", () => hiddenItems.flush());

export function useHiddenItems(): ReadonlySet<string> {
  return useSyncExternalStore(hiddenItems.subscribe, hiddenItems.get);
}
