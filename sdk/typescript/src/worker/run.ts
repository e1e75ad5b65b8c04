/** One job from its claim to its end. When the lease is lost, its signal is aborted and nothing more is written. */

import type { Client } from "../client.js";
import { CallboardError, RefusedError } from "../errors.js";
import { randomId } from "../random.js";
import { sleep, unlessAborted } from "../time.js";
import { type Job, JobContext, JobFailed, type JobHandler, JobInterrupted, JobReleased } from "./context.js";
import { isLeaseLost, Lease, type LeaseOptions } from "./lease.js";

const MAX_ERROR_LENGTH = 20_000;
const REPORT_INTERVAL_MS = 500;
/** Repetitions of a report whose response was lost, after the lease has ended. */
const MAX_AFTERWARDS = 5;

/** How a job ended. */
export type Ending = "completed" | "failed" | "cancelled" | "released" | "lost";

type Outcome =
  | { ending: "completed"; result: Record<string, unknown> | undefined }
  | { ending: "failed"; error: string; retry: boolean }
  | { ending: "cancelled" }
  | { ending: "released"; reason: string }
  | { ending: "lost" };

export interface RunOptions {
  name: string;
  graceSeconds: number;
  abortSeconds: number;
  stopping: AbortSignal;
  onError(error: unknown, job: Job): void;
}

/** A job that runs. */
export class Run {
  readonly lease: Lease;
  /** Settles when the handler has returned. */
  handlerEnded: Promise<unknown> = Promise.resolve();
  private readonly stop = new AbortController();

  constructor(
    private readonly client: Client,
    private readonly job: Job,
    private readonly handler: JobHandler,
    private readonly options: RunOptions,
    lease: Omit<LeaseOptions, "job">,
  ) {
    this.lease = new Lease(client, { ...lease, job: job.id });
  }

  /** Does the job and reports how it ended. */
  async work(): Promise<Ending> {
    this.lease.start();
    const outcome = await this.handle();
    const ending = await this.report(outcome);
    // What is still running must not write.
    this.stop.abort(new JobInterrupted("lease_lost"));
    this.lease.end();
    return ending;
  }

  private async handle(): Promise<Outcome> {
    const { stopping, graceSeconds, abortSeconds } = this.options;
    const { signal } = this.stop;
    // The answers to questions of earlier attempts.
    await unlessAborted(this.lease.heartbeat(), stopping);
    await this.lease.untilContinued(stopping);
    if (stopping.aborted) this.stop.abort(new JobInterrupted("stopped"));
    this.applyControl();
    if (signal.aborted) return this.stopped();
    const ended = new AbortController();
    const unfollow = this.lease.onChange(() => this.applyControl());
    void this.endGrace(graceSeconds * 1_000, ended.signal);
    const context = new JobContext(this.client, this.job, this.lease, signal, stopping, (error) => this.note(error));
    const work = this.call(context);
    this.handlerEnded = work;
    try {
      let outcome = await unlessAborted(work, signal);
      if (outcome === undefined) {
        // It gets a moment to end; then its writes are refused anyway.
        const limit = this.lease.control === "lost" ? 0 : abortSeconds * 1_000;
        outcome = await Promise.race([work, sleep(limit).then(() => undefined)]);
      }
      const finished = outcome?.ending === "completed" && this.lease.control === "continue";
      return outcome !== undefined && (finished || !signal.aborted) ? outcome : this.stopped();
    } finally {
      ended.abort();
      unfollow();
    }
  }

  /** Calls the handler. Never rejects. */
  private async call(context: JobContext): Promise<Outcome> {
    try {
      const result = await this.handler(this.job, context);
      if (result !== undefined && result !== null && (typeof result !== "object" || Array.isArray(result))) {
        return { ending: "failed", error: "The handler's result is not an object.", retry: false };
      }
      await context.transcript.flush();
      // It may have asked a question without waiting for the decision, which pauses the job.
      if (this.lease.control !== "continue") await context.check();
      return { ending: "completed", result: merge(result ?? undefined, context) };
    } catch (error) {
      await context.transcript.flush();
      if (error instanceof JobReleased) return { ending: "released", reason: error.message };
      const retry = error instanceof JobFailed ? error.retry : true;
      return { ending: "failed", error: describe(error), retry };
    }
  }

  /** Ends the handler when it may not go on after the worker was asked to stop. */
  private async endGrace(graceMs: number, ended: AbortSignal): Promise<void> {
    const { stopping } = this.options;
    while (!stopping.aborted && !ended.aborted) await sleep(Number.POSITIVE_INFINITY, stopping, ended);
    if (ended.aborted) return;
    if (this.lease.control !== "pause") await sleep(graceMs, ended);
    if (!ended.aborted) this.stop.abort(new JobInterrupted("stopped"));
  }

  private applyControl(): void {
    const { control } = this.lease;
    if (control === "lost") this.stop.abort(new JobInterrupted("lease_lost"));
    if (control === "cancel") this.stop.abort(new JobInterrupted("cancelled"));
  }

  /** The outcome of a job whose signal was aborted. */
  private stopped(): Outcome {
    if (this.lease.control === "lost") return { ending: "lost" };
    const { reason } = this.stop.signal.reason as JobInterrupted;
    if (reason === "cancelled") return { ending: "cancelled" };
    return { ending: "released", reason: `The worker ${this.options.name} was stopped.` };
  }

  /** Reports the outcome under one key until it is answered or the lease is lost. */
  private async report(outcome: Outcome): Promise<Ending> {
    const idempotencyKey = randomId();
    if (outcome.ending === "lost") return "lost";
    for (let afterwards = 0; ; ) {
      try {
        await this.send(outcome, idempotencyKey);
        return outcome.ending;
      } catch (error) {
        if (isLeaseLost(error)) return "lost";
        if (!(error instanceof CallboardError && error.temporary)) {
          this.note(error);
          if (outcome.ending !== "completed" || !(error instanceof RefusedError)) return "lost";
          // For example a result that is too large.
          return this.report({ ending: "failed", error: `The result was refused: ${error.message}`, retry: false });
        }
        // A report that was carried out ends the lease, too; then its repetition is answered.
        if (this.lease.control === "lost" && (error.outcome === "not_done" || ++afterwards > MAX_AFTERWARDS))
          return "lost";
        await sleep(REPORT_INTERVAL_MS);
      }
    }
  }

  private async send(outcome: Outcome, idempotencyKey: string): Promise<void> {
    const lease_token = this.lease.token;
    const call = <Body>(body: Body) => ({ path: { id: this.job.id }, body, idempotencyKey });
    switch (outcome.ending) {
      case "completed":
        await this.client.request("post", "/api/jobs/{id}/complete", call({ lease_token, ...outcome.result }));
        return;
      case "failed": {
        const { error, retry } = outcome;
        await this.client.request("post", "/api/jobs/{id}/fail", call({ lease_token, error, retry }));
        return;
      }
      case "cancelled":
        await this.client.request("post", "/api/jobs/{id}/cancelled", call({ lease_token }));
        return;
      case "released": {
        const reason = outcome.reason.slice(0, 1_000);
        await this.client.request(
          "post",
          "/api/jobs/{id}/release",
          call({ lease_token, ...(reason ? { reason } : {}) }),
        );
      }
    }
  }

  private note(error: unknown): void {
    this.options.onError(error, this.job);
  }
}

/** The fields of a completion. */
function merge(result: Record<string, unknown> | undefined, context: JobContext): Record<string, unknown> {
  return result === undefined ? { ...context.completion } : { ...context.completion, result };
}

function describe(error: unknown): string {
  const text =
    error instanceof JobFailed
      ? error.message
      : error instanceof Error
        ? `${error.name}: ${error.message}`
        : String(error);
  return text.slice(0, MAX_ERROR_LENGTH) || "The handler failed without a message.";
}
