/** What a job's handler is given. */

import type { Client } from "../client.js";
import { AbortedError, CallboardError } from "../errors.js";
import { randomId } from "../random.js";
import type { CallOptions } from "../send.js";
import { sleep } from "../time.js";
import type { Schemas } from "../types.js";
import { isLeaseLost, type Lease } from "./lease.js";
import { Transcript } from "./transcript.js";

const RETRY_INTERVAL_MS = 500;

/** A claimed job. */
export type Job = Schemas["Job"];

/**
 * Does a job. What it returns is the job's result: an object of at most 256 KiB of JSON, or nothing. An error that it throws
 * fails the attempt, which is retried; throw a `JobFailed` to say that a retry cannot help.
 */
export type JobHandler = (
  job: Job,
  context: JobContext,
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler may return nothing
) => Promise<Record<string, unknown> | void> | Record<string, unknown> | void;

/** Fails an attempt with a message for people. */
export class JobFailed extends Error {
  override name = "JobFailed";
  /** Whether a retry can succeed. */
  readonly retry: boolean;

  constructor(message: string, options: ErrorOptions & { retry?: boolean } = {}) {
    super(message, options);
    this.retry = options.retry ?? true;
  }
}

/** Gives a job back to the queue: the attempt does not count. */
export class JobReleased extends Error {
  override name = "JobReleased";
}

/** Why a handler must end: somebody cancelled the job, another worker may hold it, or the worker stops. */
export type Interruption = "cancelled" | "lease_lost" | "stopped";

const INTERRUPTIONS: Record<Interruption, string> = {
  cancelled: "The job was cancelled.",
  lease_lost: "The lease of the job was lost.",
  stopped: "The worker is stopping.",
};

/** The handler must end: the reason of its signal, and what its writes throw from then on. */
export class JobInterrupted extends CallboardError {
  override name = "JobInterrupted";

  /** @internal */
  constructor(readonly reason: Interruption) {
    super(INTERRUPTIONS[reason]);
  }
}

/** How a message is added to the transcript. */
export interface MessageOptions {
  /** A line of output (`log`, the default), a `step`, or `chat` for people. */
  kind?: Schemas["MessageKind"] | undefined;
  /** The severity. Defaults to `info`. */
  level?: Schemas["Level"] | undefined;
  /** Further data, at most 64 KiB of JSON. */
  metadata?: Record<string, unknown> | undefined;
}

/** How a question is asked. */
export interface AskOptions {
  /** Suggested answers, at most 50; other answers are accepted too. */
  options?: string[] | undefined;
  /** Background for the decision, Markdown. */
  context?: string | undefined;
  /** Seconds until the question expires. Defaults to never. */
  expiresInSeconds?: number | undefined;
}

/** The fields of a completion beside the result. */
export type Completion = Pick<Schemas["CompleteJob"], "resolution_comment" | "commit_sha" | "commit_message" | "app">;

/**
 * The job that runs: its signal, its transcript, and what it can ask for. What it writes is repeated until it is answered, also
 * while the server is away; it throws a `JobInterrupted` once the signal is aborted, and a `RefusedError` if the server refuses it.
 */
export class JobContext {
  /**
   * Aborted when the handler must end; its `reason` is a `JobInterrupted`. Pass it on to what takes long. Nothing more can be
   * written then.
   */
  readonly signal: AbortSignal;
  /** Aborted when the worker was asked to stop. The handler may go on for `graceSeconds`. */
  readonly stopping: AbortSignal;
  /** The client of the worker. */
  readonly client: Client;
  /** The completion, if the handler sets it. @internal */
  completion: Completion = {};
  /** @internal */
  readonly transcript: Transcript;
  private readonly taken = new Set<string>();

  /** @internal */
  constructor(
    client: Client,
    private readonly job: Job,
    private readonly lease: Lease,
    stop: AbortSignal,
    stopping: AbortSignal,
    private readonly unread: (error: unknown) => void,
  ) {
    this.client = client;
    this.signal = stop;
    this.stopping = stopping;
    this.transcript = new Transcript((messages) =>
      this.write((lease_token, call) => {
        const body = { lease_token, messages };
        return client.request("post", "/api/jobs/{id}/messages", { path: { id: job.id }, body, ...call });
      }),
    );
  }

  /** Whether the job is paused, or waits for people. */
  get paused(): boolean {
    return this.lease.control === "pause";
  }

  /** Questions of this job that people have decided, also in earlier attempts, newest first. */
  get answers(): readonly Schemas["Approval"][] {
    return this.lease.answers;
  }

  /** Throws if the work must stop, and waits while the job is paused. Call it between the steps of long work. */
  async check(): Promise<void> {
    this.signal.throwIfAborted();
    await this.lease.untilContinued(this.signal);
    this.signal.throwIfAborted();
  }

  /** Reports progress in percent (0 to 100), and what is being done in a sentence of at most 2,000 characters. */
  async progress(percent: number, message?: string): Promise<void> {
    await this.write((lease_token, call) => {
      const body = { lease_token, progress: percent, ...(message ? { message } : {}) };
      return this.client.request("post", "/api/jobs/{id}/progress", { path: { id: this.job.id }, body, ...call });
    });
  }

  /** Enters a stage of the job; the ticket moves to the column of this name, if there is one. */
  async enterStage(stage: string, message?: string): Promise<void> {
    await this.write((lease_token, call) => {
      const body = { lease_token, stage, ...(message ? { message } : {}) };
      return this.client.request("post", "/api/jobs/{id}/stage", { path: { id: this.job.id }, body, ...call });
    });
  }

  /** Adds a message to the transcript, by default a line of output. Resolves when it is stored; need not be awaited. */
  message(content: string, { kind = "log", level, metadata }: MessageOptions = {}): Promise<void> {
    const stored = this.transcript.add({
      kind,
      content,
      ...(level ? { level } : {}),
      ...(metadata ? { metadata } : {}),
    });
    // Unless it is awaited, a failure is only reported.
    stored.catch((error) => this.signal.aborted || this.unread(error));
    return stored;
  }

  /**
   * Reports what a model used: `{ model, input_tokens, output_tokens, cost, currency }`. Leave out what is not known. It can also
   * be called when the signal is aborted, because what was spent is spent.
   *
   * @example
   * ```ts
   * await context.reportUsage({ model: "large-1", input_tokens: 1200, output_tokens: 80, cost: "0.0125", currency: "USD" });
   * ```
   */
  reportUsage(usage: Omit<Schemas["ReportUsage"], "lease_token">): Promise<Schemas["UsageReported"]> {
    return this.client.reportUsage(this.job.id, { ...usage, lease_token: this.lease.token });
  }

  /** Sets what goes with the completion: the comment that resolves the ticket, a commit. */
  completeWith(fields: Completion): void {
    this.completion = { ...this.completion, ...fields };
  }

  /**
   * Asks people and waits for their decision, while the job is `waiting`. Returns the question with its `status` (`approved`,
   * `rejected`, `answered`, `expired`, `withdrawn`) and `answer`. If an earlier run of the job asked the same, its question is
   * used, so a restarted worker does not ask twice.
   *
   * @example
   * ```ts
   * const { answer } = await context.ask("Which colour?", { options: ["red", "green"] });
   * ```
   */
  async ask(question: string, options: AskOptions = {}): Promise<Schemas["Approval"]> {
    this.signal.throwIfAborted();
    const signal = this.signal;
    let asked = (await this.earlier(question)) ?? (await this.request(question, options));
    this.taken.add(asked.id);
    while (asked.status === "pending") {
      try {
        asked = await this.client.getApproval(asked.id, { wait: 30, signal });
      } catch (error) {
        if (error instanceof AbortedError) signal.throwIfAborted();
        if (!(error instanceof CallboardError && error.temporary)) throw error;
        await sleep(RETRY_INTERVAL_MS, signal);
      }
    }
    // The job continues when all its questions are decided; a heartbeat says so.
    await this.lease.heartbeat();
    await this.check();
    return asked;
  }

  private request(question: string, { options, context, expiresInSeconds }: AskOptions) {
    return this.write((lease_token, call) => {
      const body: Schemas["RequestApproval"] = { job_id: this.job.id, lease_token, question, blocks_job: true };
      if (options) body.options = options;
      if (context) body.context = context;
      if (expiresInSeconds) body.expires_in_seconds = expiresInSeconds;
      return this.client.askPeople(body, call);
    });
  }

  /** The oldest question with this text that an earlier run has asked and this one has not used. */
  private async earlier(question: string): Promise<Schemas["Approval"] | undefined> {
    let found: Schemas["Approval"] | undefined;
    for await (const asked of this.client.approvals({ job_id: this.job.id }, { signal: this.signal })) {
      const usable = asked.status !== "expired" && asked.status !== "withdrawn";
      if (asked.question === question && usable && !this.taken.has(asked.id)) found = asked;
    }
    return found;
  }

  /** Writes under the lease, and under one key, until it is answered or the lease is lost. */
  private async write<T>(send: (token: string, call: CallOptions) => Promise<T>): Promise<T> {
    const call = { idempotencyKey: randomId(), signal: this.signal };
    for (;;) {
      this.signal.throwIfAborted();
      try {
        return await send(this.lease.token, call);
      } catch (error) {
        if (isLeaseLost(error)) {
          this.lease.lose();
          throw new JobInterrupted("lease_lost");
        }
        if (error instanceof AbortedError) this.signal.throwIfAborted();
        if (!(error instanceof CallboardError && error.temporary)) throw error;
        await sleep(RETRY_INTERVAL_MS, this.signal);
      }
    }
  }
}
