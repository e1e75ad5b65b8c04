/** Watches a room: updates that survive lost connections and restarts of the server. */

import { AbortedError } from "./errors.js";
import { type Source, Subscription } from "./subscription.js";
import { onAbort } from "./time.js";

/** A position in a stream; keep it to resume later, also in another process. */
export interface Cursor {
  /** The epoch of the stream; numbers of different epochs are unrelated. */
  epoch: string;
  /** The number of the last event that was seen. */
  seq: number;
}

/** An event in a room. */
export interface Event {
  /** What happened, e.g. `status_changed`. */
  type: string;
  workflow_id: string;
  /** The ticket concerned. */
  ticket_id: string | null;
  /** The job concerned. */
  job_id: string | null;
  /** The actor who caused it. */
  agent_id: string | null;
  /** The payload. `changes` maps fields of the card to their new values. */
  data: Record<string, unknown>;
  /** The time of the event (RFC 3339). */
  timestamp: string;
  /** The stream, e.g. that of the workflow. */
  stream: string;
  /** Its number in the stream. */
  seq: number;
  epoch: string;
  /** The number of the previous event in the room. */
  prev: number;
}

/** What a watch yields. `cursor` is the position after it. */
export type Update =
  /** The state of the room at the start: the board, ticket, job or saved search. */
  | { kind: "snapshot"; cursor: Cursor; state: Record<string, unknown> }
  /** An event, each once and in order. */
  | { kind: "event"; cursor: Cursor; event: Event }
  /** A new snapshot, because the position could not be continued: earlier state must be discarded. */
  | { kind: "resync"; cursor: Cursor; state: Record<string, unknown> }
  /** All past events were yielded; from here on events are live. Repeated after each reconnect. */
  | { kind: "live"; cursor: Cursor };

/** The options of a watch. */
export interface WatchOptions {
  /** The position to continue from. Defaults to a snapshot of the room. */
  since?: Cursor | undefined;
  /** Ends the watch with an `AbortedError`. */
  signal?: AbortSignal | undefined;
  /** Updates that wait to be taken, beyond which the server has to wait. Defaults to 256. */
  buffer?: number | undefined;
}

/** A running watch: an async iterator of updates. It connects when the first update is asked for. */
export class Watch implements AsyncIterableIterator<Update> {
  private readonly subscription: Subscription;
  private readonly updates: Update[] = [];
  private readonly waiting: Waiter[] = [];
  private readonly limit: number;
  private failure: { error: unknown } | undefined;
  private started = false;
  private unlisten = () => {};
  private ended = false;

  /** @internal */
  constructor(
    source: Source,
    room: string,
    private readonly options: WatchOptions,
  ) {
    this.limit = Math.max(1, options.buffer ?? 256);
    this.subscription = new Subscription(source, room, options.since, {
      update: (update) => this.add(update),
      error: (error) => this.end(error),
    });
  }

  /** The position after the last update that was taken, or `since`. */
  cursor: Cursor | undefined;

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next update. Rejects with an error that no retry can fix; then the watch has ended. */
  async next(): Promise<IteratorResult<Update, undefined>> {
    this.start();
    const update = this.updates.shift();
    if (update) return this.taken(update);
    if (this.failure) {
      const { error } = this.failure;
      this.failure = undefined;
      throw error;
    }
    if (this.ended) return { done: true, value: undefined };
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  /** Ends the watch and closes the connection. */
  async return(): Promise<IteratorResult<Update, undefined>> {
    this.close();
    return { done: true, value: undefined };
  }

  /** Ends the watch and closes the connection. Updates that were not taken are dropped. */
  close(): void {
    this.updates.length = 0;
    this.end(undefined);
    this.failure = undefined;
  }

  private start(): void {
    if (this.started) return;
    this.started = true;
    this.cursor ??= this.options.since;
    if (this.ended) return;
    const { signal } = this.options;
    this.unlisten = onAbort(signal, this.abort);
    if (signal?.aborted) this.abort();
    else this.subscription.start();
  }

  private readonly abort = () => {
    this.updates.length = 0;
    this.end(new AbortedError("not_done", this.options.signal?.reason));
  };

  private add(update: Update): void {
    if (this.ended) return;
    const waiter = this.waiting.shift();
    if (waiter) waiter.resolve(this.taken(update));
    else this.updates.push(update);
    if (this.updates.length >= this.limit) this.subscription.setReading(false);
  }

  private taken(update: Update): IteratorResult<Update, undefined> {
    this.cursor = update.cursor;
    if (this.updates.length <= this.limit / 2) this.subscription.setReading(true);
    return { done: false, value: update };
  }

  private end(error: unknown): void {
    if (this.ended) return;
    this.ended = true;
    this.subscription.stop();
    this.unlisten();
    const first = error === undefined ? undefined : this.waiting.shift();
    if (first) first.reject(error);
    else if (error !== undefined) this.failure = { error };
    for (const waiter of this.waiting.splice(0)) waiter.resolve({ done: true, value: undefined });
  }
}

interface Waiter {
  resolve(result: IteratorResult<Update, undefined>): void;
  reject(error: unknown): void;
}
