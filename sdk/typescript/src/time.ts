/** Waiting that an `AbortSignal` ends. */

import { allowListeners } from "#platform";

/** The longest delay of a timer. */
const MAX_DELAY = 2_147_483_647;

/** Calls `listener` when the signal is aborted, until the returned function is called. An aborted one calls nothing. */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (!signal) return () => {};
  allowListeners(signal);
  signal.addEventListener("abort", listener);
  return () => signal.removeEventListener("abort", listener);
}

/** Waits, or until the signal is aborted. Never rejects. */
export function sleep(ms: number, ...signals: (AbortSignal | undefined)[]): Promise<void> {
  return new Promise((resolve) => {
    if (signals.some((signal) => signal?.aborted)) return resolve();
    const end = () => {
      clearTimeout(timer);
      for (const stop of listening) stop();
      resolve();
    };
    const timer = setTimeout(end, Math.min(Math.max(ms, 0), MAX_DELAY));
    const listening = signals.map((signal) => onAbort(signal, end));
  });
}

/** The result of `work`, or `undefined` as soon as a signal is aborted; `work` then goes on unobserved. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const end = () => resolve(undefined);
    if (signal?.aborted) end();
    work.then(resolve, reject).finally(onAbort(signal, end));
  });
}

/** Wakes up one or more waiters; a wake-up without a waiter is kept for the next one. */
export class WakeUp {
  private kept = false;
  private readonly waiters = new Set<() => void>();

  /** Ends the current waits, or the next one. */
  notify(): void {
    this.kept = this.waiters.size === 0;
    for (const wake of [...this.waiters]) wake();
  }

  /** Waits for a wake-up, for at most `ms`, or until a signal is aborted. */
  async wait(ms: number, ...signals: (AbortSignal | undefined)[]): Promise<void> {
    if (this.kept) {
      this.kept = false;
      return;
    }
    const woken = new AbortController();
    const wake = () => woken.abort();
    this.waiters.add(wake);
    await sleep(ms, woken.signal, ...signals);
    this.waiters.delete(wake);
  }
}
