/** A worker: claims jobs and calls a handler for each. */

import type { Client } from "./client.js";
import { CallboardError } from "./errors.js";
import { randomId } from "./random.js";
import { onAbort, sleep, WakeUp } from "./time.js";
import type { Schemas } from "./types.js";
import type { Job, JobHandler } from "./worker/context.js";
import { isLeaseLost } from "./worker/lease.js";
import { type Ending, Run } from "./worker/run.js";

/** How long a stopping worker waits for the response to its last claim. */
const LAST_CLAIM_TIMEOUT_MS = 5_000;
const RETRY_INTERVAL_MS = 500;
const SERVER_INTERVAL_MS = 2_000;
/** Workflows whose events are watched. */
const MAX_WATCHED = 50;

/** The options of a worker. */
export interface WorkOptions {
  /** Claim only jobs of this workflow, by id or name. Defaults to all workflows in which the caller may write. */
  workflow?: string | undefined;
  /** Claim only jobs of these types, at most 50. Defaults to all types. */
  types?: string[] | undefined;
  /** Jobs at once. Defaults to 1. */
  concurrency?: number | undefined;
  /** Seconds without a heartbeat after which a job is queued again, 5 to 3600. Defaults to 60. */
  leaseSeconds?: number | undefined;
  /** Stops the worker gracefully. */
  signal?: AbortSignal | undefined;
  /** The name shown on boards. Defaults to `worker-` and random letters. */
  name?: string | undefined;
  /** Seconds between claims that no event triggers. Defaults to 15. */
  pollSeconds?: number | undefined;
  /** Seconds that running handlers may go on after the worker was asked to stop. Defaults to 10. */
  graceSeconds?: number | undefined;
  /** Seconds that a handler has to return after its signal was aborted, before that is reported. Defaults to 5. */
  abortSeconds?: number | undefined;
  /** `forever` (default): until stopped. `drain`: until no job is ready. `once`: one job, if one is ready. */
  mode?: "forever" | "drain" | "once" | undefined;
  /** Called with failures that the worker survives: a server that is away, a message that was refused. */
  onError?: ((error: unknown, job?: Job) => void) | undefined;
}

/** How many jobs ended in which way. `lost`: another worker may hold the job. */
export type WorkSummary = Record<Ending, number>;

/** A claim and its repetitions. */
interface Claim {
  key: string;
  /** When it was first sent; its lease is counted from then. */
  sentAt: number | undefined;
}

const newClaim = (): Claim => ({ key: randomId(), sentAt: undefined });

export class Worker {
  private readonly summary: WorkSummary = { completed: 0, failed: 0, cancelled: 0, released: 0, lost: 0 };
  private readonly wakeUp = new WakeUp();
  private readonly slotFreed = new WakeUp();
  private readonly runs = new Set<Run>();
  private readonly reports = new Set<Promise<void>>();
  private readonly stopping: AbortSignal;
  private readonly ended = new AbortController();
  private readonly leaseSeconds: number;
  private readonly mode: NonNullable<WorkOptions["mode"]>;
  private readonly name: string;
  private slots: number;

  constructor(
    private readonly client: Client,
    private readonly options: WorkOptions,
    private readonly handler: JobHandler,
  ) {
    const { concurrency = 1, leaseSeconds = 60, mode = "forever", name, signal } = options;
    if (!Number.isInteger(concurrency) || concurrency < 1) throw new CallboardError("concurrency must be 1 or more.");
    if (!(leaseSeconds >= 5 && leaseSeconds <= 3_600)) throw new CallboardError("leaseSeconds must be 5 to 3600.");
    this.slots = concurrency;
    this.leaseSeconds = leaseSeconds;
    this.mode = mode;
    this.name = name ?? `worker-${randomId().slice(0, 8)}`;
    this.stopping = signal ?? new AbortController().signal;
  }

  async run(): Promise<WorkSummary> {
    const found = await this.findWorkflow();
    if (this.stopping.aborted) return this.summary;
    const watches = this.watchWorkflows(found);
    try {
      await this.claimJobs(found);
    } finally {
      while (this.reports.size > 0) await Promise.all(this.reports);
      this.ended.abort();
      await watches;
    }
    return this.summary;
  }

  /** The id of the workflow of the options. Waits for a server that is away, if the worker runs forever. */
  private async findWorkflow(): Promise<string | undefined> {
    const { workflow } = this.options;
    while (workflow !== undefined && !this.stopping.aborted) {
      try {
        return (await this.client.findWorkflow(workflow, { signal: this.stopping })).id;
      } catch (error) {
        if (this.stopping.aborted) break;
        if (!(isTemporary(error) && this.mode === "forever")) throw error;
        this.options.onError?.(error);
      }
      await sleep(SERVER_INTERVAL_MS, this.stopping);
    }
    return undefined;
  }

  /** Claims jobs while slots are free. If none is ready, waits for an event or for the poll interval. */
  private async claimJobs(workflow: string | undefined): Promise<void> {
    const { types, pollSeconds = 15 } = this.options;
    const body: Schemas["ClaimJob"] = { worker: this.name, lease_seconds: this.leaseSeconds };
    if (workflow !== undefined) body.workflow_id = workflow;
    if (types !== undefined && types.length > 0) body.job_types = types;
    let claim = newClaim();
    while (!this.stopping.aborted) {
      while (this.slots === 0 && !this.stopping.aborted) await this.slotFreed.wait(60_000, this.stopping);
      if (this.stopping.aborted) return;
      // A lease that an earlier claim may have taken is left to expire.
      if (claim.sentAt !== undefined && performance.now() - claim.sentAt > this.leaseSeconds * 500) claim = newClaim();
      claim.sentAt ??= performance.now();
      const { sentAt } = claim;
      let unknown = false;
      try {
        const { job, lease_token: token } = await this.claim(body, claim.key);
        claim = newClaim();
        if (job && token) {
          this.start(job, token, sentAt);
          if (this.mode === "once") return;
          continue;
        }
      } catch (error) {
        unknown = error instanceof CallboardError && error.outcome !== "not_done";
        if (this.stopping.aborted) return;
        // While it is unknown whether a job was claimed, the same claim is repeated.
        if (!unknown) claim = newClaim();
        if (!isLeaseLost(error) && !(isTemporary(error) && this.mode === "forever")) throw error;
        this.options.onError?.(error);
      }
      if (this.mode !== "forever" && this.runs.size === 0) return;
      const interval = this.mode === "forever" && !unknown ? pollSeconds * 1_000 : RETRY_INTERVAL_MS;
      await this.wakeUp.wait(interval * (0.9 + 0.2 * Math.random()), this.stopping);
    }
  }

  /** Sends a claim. One in flight when the worker is stopped may still succeed; the job is then released. */
  private async claim(body: Schemas["ClaimJob"], idempotencyKey: string) {
    const limit = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = () => {
      timer = setTimeout(() => limit.abort(), LAST_CLAIM_TIMEOUT_MS);
    };
    const unlisten = onAbort(this.stopping, stop);
    try {
      return await this.client.request("post", "/api/jobs/claim", { body, idempotencyKey, signal: limit.signal });
    } finally {
      clearTimeout(timer);
      unlisten();
    }
  }

  private start(job: Job, token: string, claimedAt: number): void {
    this.slots--;
    const { graceSeconds = 10, abortSeconds = 5, onError } = this.options;
    const options = {
      name: this.name,
      graceSeconds,
      abortSeconds,
      stopping: this.stopping,
      onError: onError ?? (() => {}),
    };
    const lease = { token, leaseSeconds: this.leaseSeconds, claimedAt };
    const run = new Run(this.client, job, this.handler, options, lease);
    this.runs.add(run);
    // It rejects only if `onError` throws.
    const ending = run.work().catch((): Ending => "lost");
    const report = ending.then((ending) => {
      this.summary[ending]++;
      this.runs.delete(run);
      this.reports.delete(report);
      // A handler that goes on after its end keeps its slot.
      void run.handlerEnded.finally(() => {
        this.slots++;
        this.slotFreed.notify();
        this.wakeUp.notify();
      });
    });
    this.reports.add(report);
  }

  /** Watches workflows: events wake up the claim loop, and send an early heartbeat of the job concerned. */
  private async watchWorkflows(workflow: string | undefined): Promise<void> {
    const { signal } = this.ended;
    const ids: string[] = [];
    try {
      if (workflow !== undefined) ids.push(workflow);
      else for await (const { id } of this.client.workflows({}, { signal })) if (ids.push(id) >= MAX_WATCHED) break;
    } catch (error) {
      // Jobs are found by polling then.
      if (!signal.aborted) this.options.onError?.(error);
    }
    await Promise.all(ids.map((id) => this.watchWorkflow(id, signal)));
  }

  private async watchWorkflow(id: string, signal: AbortSignal): Promise<void> {
    try {
      const since = await this.client.endOfStream(id, { signal }).catch(() => undefined);
      for await (const update of this.client.watch(`workflow:${id}`, { since, signal })) {
        if (update.kind === "snapshot") continue;
        if (update.kind === "event" && cannotMakeAJobReady(update.event.type)) continue;
        const job = update.kind === "event" ? update.event.job_id : undefined;
        for (const run of this.runs) if (job === undefined || run.lease.job === job) run.lease.notify();
        this.wakeUp.notify();
      }
    } catch (error) {
      if (!signal.aborted) this.options.onError?.(error);
    }
  }
}

function isTemporary(error: unknown): boolean {
  return error instanceof CallboardError && error.temporary;
}

/**
 * A job can become ready through a moved ticket, an answer or a change of the board too, so only types of events that
 * certainly have no effect are skipped.
 */
function cannotMakeAJobReady(type: string): boolean {
  const prefixes = [
    "job_progress",
    "job_message",
    "job_stage",
    "usage_",
    "comment_",
    "commit_",
    "activity",
    "ticket_progress",
  ];
  return prefixes.some((prefix) => type.startsWith(prefix));
}
