import { afterEach, expect, test } from "vitest";

import { Client, type Job, type JobContext, JobFailed, JobInterrupted, JobReleased } from "../../src/index.js";
import { eventually, fixture, heal, proxy, proxyUrl, url } from "./support.js";

afterEach(heal);

/** The texts of a job's transcript. */
const messagesOf = async (owner: Client, job: string): Promise<string[]> => {
  const { messages } = await owner.jobMessages(job, { limit: 200 });
  return messages.map(({ content }) => content);
};

test("a job goes from its claim to its result", async () => {
  const { owner, workflow, key, job } = await fixture("Work");
  const id = await job("Measure the login", { stages: ["build", "review"], payload: { runs: 2 } });
  await job("Another type", { job_type: "other" });
  const client = new Client(url, { key });
  const summary = await client.work(
    { workflow, types: ["task"], mode: "drain", name: "laptop" },
    async (job, context) => {
      expect(job.payload).toEqual({ runs: 2 });
      await context.progress(20, "measuring");
      void context.message("run 1: 84 ms");
      void context.message("Fast enough.", { kind: "chat" });
      await context.enterStage("review");
      context.completeWith({ resolution_comment: "84 ms on average." });
      return { p95_ms: 84 };
    },
  );
  expect(summary).toEqual({ completed: 1, failed: 0, cancelled: 0, released: 0, lost: 0 });
  const done = await owner.getJob(id);
  expect(done).toMatchObject({ status: "succeeded", result: { p95_ms: 84 }, worker: "laptop", stage: "review" });
  expect((await messagesOf(owner, id)).filter((text) => /84 ms$|Fast/.test(text))).toEqual([
    "run 1: 84 ms",
    "Fast enough.",
  ]);
  expect((await owner.getTicket(done.ticket_id ?? "")).is_resolved).toBe(true);
});

test("a job reports what it used, also when it must end", async () => {
  const { owner, workflow, key, job } = await fixture("Usage");
  const id = await job("Summarize the log");
  const client = new Client(url, { key });
  await client.work({ workflow, mode: "once" }, async (_, context) => {
    const report = { model: "large", input_tokens: 1200, cost: "0.0125", currency: "USD", report_id: "turn-1" };
    expect(await context.reportUsage(report)).toMatchObject({ counted: true, attempt: 1 });
    expect(await context.reportUsage(report)).toMatchObject({ counted: false });
    await owner.actOnJob(id, "cancel");
    await eventually("the signal", async () => context.signal.aborted);
    await context.reportUsage({ output_tokens: 80 });
    throw context.signal.reason;
  });
  const used = await owner.jobUsage(id);
  expect(used.usage).toMatchObject({
    reported: true,
    input_tokens: 1200,
    output_tokens: 80,
    cache_read_tokens: null,
    costs: [{ currency: "USD", amount: "0.0125" }],
  });
  const { ticket_id: ticket } = await owner.getJob(id);
  await owner.reportTicketUsage(ticket ?? "", { input_tokens: 5 });
  expect((await owner.ticketUsage(ticket ?? "")).usage.input_tokens).toBe(1205);
  const all = await owner.usage({ workflow_id: workflow, group_by: "model" });
  expect(all.groups.map((group) => group.key)).toEqual(["large", null]);
  await expect(owner.reportUsage(id, { cost: 1 })).rejects.toMatchObject({ status: 422 });
});

test("failures, and jobs that are given back", async () => {
  const { owner, workflow, key, job } = await fixture("Endings");
  const client = new Client(url, { key });
  const once = (handler: (job: Job) => Record<string, unknown>) => client.work({ workflow, mode: "once" }, handler);
  const failed = await job("Fails", { max_attempts: 1 });
  expect(
    (
      await once(() => {
        throw new TypeError("no");
      })
    ).failed,
  ).toBe(1);
  expect(await owner.getJob(failed)).toMatchObject({ status: "failed", error: "TypeError: no" });
  const final = await job("Fails for good");
  await once(() => {
    throw new JobFailed("It cannot work.", { retry: false });
  });
  expect(await owner.getJob(final)).toMatchObject({ status: "failed", error: "It cannot work.", attempt: 1 });
  const large = await job("Too large");
  await once(() => ({ text: "x".repeat(300_000) }));
  expect(await owner.getJob(large)).toMatchObject({
    status: "failed",
    error: expect.stringContaining("The result was refused"),
  });
  const released = await job("Given back");
  expect(
    (
      await once(() => {
        throw new JobReleased("Not here.");
      })
    ).released,
  ).toBe(1);
  expect(await owner.getJob(released)).toMatchObject({ status: "queued", attempt: 0 });
  const twice = await once(({ id }) => ({ id }));
  expect([twice.completed, (await owner.getJob(released)).result]).toEqual([1, { id: released }]);
});

/** Starts a worker of one job; resolves when its handler runs. */
async function working(client: Client, workflow: string, handler: (context: JobContext) => Promise<void>, more = {}) {
  const stop = new AbortController();
  let begun: () => void = () => {};
  const begins = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const options = { workflow, signal: stop.signal, leaseSeconds: 5, abortSeconds: 1, graceSeconds: 0, ...more };
  const ended = client.work(options, async (_, context) => {
    begun();
    await handler(context);
  });
  await begins;
  return { stop, ended };
}

const untilAborted = (context: JobContext) =>
  new Promise<void>((_, reject) => context.signal.addEventListener("abort", () => reject(context.signal.reason)));

test("cancellation, pause and stop", async () => {
  const { owner, workflow, key, job } = await fixture("Orders");
  const client = new Client(url, { key });
  const cancelled = await job("Cancelled");
  const one = await working(client, workflow, untilAborted);
  await owner.actOnJob(cancelled, "cancel");
  await eventually("the cancellation", async () => (await owner.getJob(cancelled)).status === "cancelled");
  one.stop.abort();
  expect((await one.ended).cancelled).toBe(1);

  const paused = await job("Paused");
  const steps: string[] = [];
  const two = await working(client, workflow, async (context) => {
    await eventually("the pause", () => context.paused);
    steps.push("paused");
    await context.check();
    steps.push("continued");
  });
  await owner.actOnJob(paused, "pause");
  await eventually("the pause", () => steps.length === 1);
  await owner.actOnJob(paused, "resume");
  await eventually("the end", async () => (await owner.getJob(paused)).status === "succeeded");
  expect(steps).toEqual(["paused", "continued"]);
  two.stop.abort();
  await two.ended;

  const stopped = await job("Stopped");
  const three = await working(client, workflow, untilAborted);
  three.stop.abort();
  expect((await three.ended).released).toBe(1);
  expect(await owner.getJob(stopped)).toMatchObject({ status: "queued", attempt: 0 });
  // Within its grace a handler may finish.
  const four = await working(
    client,
    workflow,
    async (context) => {
      await eventually("the stop", () => context.stopping.aborted);
    },
    { graceSeconds: 5 },
  );
  four.stop.abort();
  expect((await four.ended).completed).toBe(1);
});

test("people are asked, once over two workers", async () => {
  const { owner, workflow, key, job } = await fixture("Questions");
  const client = new Client(url, { key });
  const id = await job("Paint the shed");
  const ask = async (context: JobContext) => {
    const { answer } = await context.ask("Red or green?", { options: ["red", "green"] });
    context.completeWith({ resolution_comment: `Painted ${answer}, as decided.` });
  };
  const one = await working(client, workflow, ask);
  await eventually("the question", async () => (await owner.getJob(id)).status === "waiting");
  one.stop.abort();
  expect((await one.ended).released).toBe(1);
  const questions = async () => {
    const { approvals } = await owner.request("get", "/api/approvals", { query: { job_id: id } });
    return approvals;
  };
  const [question] = await questions();
  await owner.decideApproval(question?.id ?? "", "answer", { answer: "green" });
  const two = await working(client, workflow, ask);
  await eventually("the end", async () => (await owner.getJob(id)).status === "succeeded");
  two.stop.abort();
  await two.ended;
  expect(await questions()).toHaveLength(1);
  // The worker that asks waits for the answer itself, too.
  const next = await job("Paint the fence");
  const three = await working(client, workflow, ask);
  await eventually("the question", async () => (await owner.getJob(next)).status === "waiting");
  const asked = await owner.request("get", "/api/approvals", { query: { job_id: next } });
  await owner.decideApproval(asked.approvals[0]?.id ?? "", "answer", { answer: "red" });
  await eventually("the end", async () => (await owner.getJob(next)).status === "succeeded");
  three.stop.abort();
  await three.ended;
});

test("a lost lease ends the work, and the job is queued again", async () => {
  const { owner, workflow, key, job } = await fixture("Lost");
  const id = await job("Outlives its worker");
  let reason: unknown;
  const one = await working(new Client(proxyUrl, { key }), workflow, async (context) => {
    await untilAborted(context).catch((error) => {
      reason = error;
    });
    await expect(context.progress(50)).rejects.toBe(reason);
  });
  await proxy({ connected: false });
  await eventually("the lease is lost", () => reason !== undefined);
  await heal();
  expect(reason).toBeInstanceOf(JobInterrupted);
  expect(reason).toMatchObject({ reason: "lease_lost" });
  one.stop.abort();
  expect((await one.ended).lost).toBe(1);
  await eventually("the job is queued again", async () => (await owner.getJob(id)).status === "queued");
});
