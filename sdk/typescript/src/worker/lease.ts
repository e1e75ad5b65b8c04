/** Keeps the lease of a claimed job with heartbeats, and passes on what their answers ask for. */

import type { Client } from "../client.js";
import { CallboardError, RefusedError } from "../errors.js";
import { onAbort, sleep, WakeUp } from "../time.js";
import type { Schemas } from "../types.js";

/** What the job has to do. */
export type Control = "continue" | "pause" | "cancel" | "lost";

export interface LeaseOptions {
  job: string;
  token: string;
  leaseSeconds: number;
  /** When the claim was sent (`performance.now()`): the worker's view never lasts longer than the server's. */
  claimedAt: number;
}

/** The lease of a job. Its heartbeats end with `end`. */
export class Lease {
  control: Control = "continue";
  /** Questions of this job that people have decided, newest first. */
  answers: Schemas["Approval"][] = [];
  private readonly leaseMs: number;
  private expiresAt: number;
  private readonly ended = new AbortController();
  private readonly wakeUp = new WakeUp();
  private readonly changed = new Set<() => void>();
  private processed: (() => void)[] = [];

  constructor(
    private readonly client: Client,
    private readonly options: LeaseOptions,
  ) {
    this.leaseMs = options.leaseSeconds * 1_000;
    this.expiresAt = options.claimedAt + this.leaseMs;
  }

  get job(): string {
    return this.options.job;
  }

  get token(): string {
    return this.options.token;
  }

  /** Starts the heartbeats. */
  start(): void {
    void this.run();
  }

  /** Stops the heartbeats. */
  end(): void {
    this.ended.abort();
    this.release();
  }

  /** Sends a heartbeat before it is due. */
  notify(): void {
    this.wakeUp.notify();
  }

  /** Waits until a heartbeat that started after this call was answered or has failed. */
  async heartbeat(): Promise<void> {
    if (this.ended.signal.aborted || this.control === "lost") return;
    const done = new Promise<void>((resolve) => this.processed.push(resolve));
    this.wakeUp.notify();
    await done;
  }

  /** Calls `listener` when `control` changes, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.changed.add(listener);
    return () => this.changed.delete(listener);
  }

  /** Waits until the job is not paused, or a signal is aborted. */
  async untilContinued(...signals: AbortSignal[]): Promise<void> {
    while (this.control === "pause" && !signals.some((signal) => signal.aborted)) {
      const changed = new AbortController();
      const stop = this.onChange(() => changed.abort());
      await sleep(this.leaseMs, changed.signal, ...signals);
      stop();
    }
  }

  /** Notes that the server refused a write because of the lease. */
  lose(): void {
    this.set("lost");
  }

  private async run(): Promise<void> {
    let missed = false;
    while (!this.ended.signal.aborted && this.control !== "lost") {
      const third = this.leaseMs / 3;
      const delay = missed
        ? Math.min(this.leaseMs / 10, 1_000)
        : this.control === "pause"
          ? Math.min(third, 2_000)
          : third;
      if (this.processed.length === 0) await this.wakeUp.wait(delay, this.ended.signal);
      if (this.ended.signal.aborted) break;
      const waiting = this.processed;
      this.processed = [];
      missed = await this.beat();
      for (const done of waiting) done();
    }
    this.release();
  }

  /** Sends one heartbeat; returns whether it was missed. */
  private async beat(): Promise<boolean> {
    const sentAt = performance.now();
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), this.expiresAt - sentAt);
    const unlisten = onAbort(this.ended.signal, () => limit.abort());
    try {
      const { leaseSeconds, token, job } = this.options;
      const answer = await this.client.request("post", "/api/jobs/{id}/heartbeat", {
        path: { id: job },
        body: { lease_token: token, lease_seconds: leaseSeconds },
        signal: limit.signal,
      });
      this.expiresAt = sentAt + this.leaseMs;
      this.answers = answer.approvals as Schemas["Approval"][];
      const pause = answer.pause_requested || answer.status === "paused" || answer.status === "waiting";
      this.set(answer.cancel_requested ? "cancel" : pause ? "pause" : "continue");
      return false;
    } catch (error) {
      if (this.ended.signal.aborted) return false;
      if (error instanceof CallboardError && error.temporary && performance.now() < this.expiresAt) return true;
      this.set("lost");
      return false;
    } finally {
      clearTimeout(timer);
      unlisten();
    }
  }

  private set(control: Control): void {
    if (this.control === control || this.control === "lost") return;
    this.control = control;
    for (const listener of [...this.changed]) listener();
  }

  private release(): void {
    for (const done of this.processed.splice(0)) done();
  }
}

/** Whether the server refused a write because the lease is lost. */
export function isLeaseLost(error: unknown): boolean {
  return error instanceof RefusedError && error.code === "lease_lost";
}
