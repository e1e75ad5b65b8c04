import { afterEach, expect, test } from "vitest";

import { Client } from "../../src/index.js";
import { collect, eventually, fixture, heal, proxy, proxyUrl, restart, untilAnswered } from "./support.js";

/** Reads that break, of a thousand. */
const CUTS = 60;
const JOBS = 16;

afterEach(heal);

test("writes, watches and workers go on through a restart and random cuts, without a loss or a repetition", async () => {
  const { owner, workflow, room, key, job } = await fixture("Restart");
  const ids = await Promise.all(Array.from({ length: JOBS }, (_, number) => job(`Job ${number}`)));
  const client = new Client(proxyUrl, { key });
  const since = await owner.endOfStream(workflow);
  const stop = new AbortController();
  await proxy({ cut: CUTS });

  const seen: number[] = [];
  const watching = (async () => {
    for await (const update of client.watch(room, { since, signal: stop.signal })) {
      if (update.kind === "event") seen.push(update.event.seq);
      else expect(update.kind).toBe("live");
    }
  })().catch((error: Error) => expect(error.name).toBe("AbortError"));

  const titles: string[] = [];
  let wrote = true;
  const writing = Array.from({ length: 3 }, async (_, writer) => {
    for (let number = 0; wrote; number++) {
      const title = `Writer ${writer} ticket ${number}`;
      const input = { workflow_id: workflow, title, description: "A description." };
      await untilAnswered((once) => client.createTicket(input, once));
      titles.push(title);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });

  const runs = new Map<string, number>();
  const options = { workflow, concurrency: 4, leaseSeconds: 20, pollSeconds: 1, signal: stop.signal };
  const working = [1, 2].map(() =>
    client.work(options, async (job, context) => {
      runs.set(job.id, (runs.get(job.id) ?? 0) + 1);
      await context.progress(50, "Half");
      await context.message("Printed once");
      await new Promise((resolve) => setTimeout(resolve, 500));
      return { id: job.id };
    }),
  );

  await eventually("some jobs run", () => runs.size > 2);
  const before = titles.length;
  await restart();
  await eventually("writes after the restart", () => titles.length > before + 5);
  wrote = false;
  await Promise.all(writing);
  const jobs = () => collect(owner.jobs({ workflow_id: workflow }));
  await eventually("the end of all jobs", async () => (await jobs()).every(({ status }) => status === "succeeded"));
  const { seq: last } = await owner.endOfStream(workflow);
  await eventually("the last event", () => seen.at(-1) === last);
  stop.abort();
  const summaries = await Promise.all(working);
  await watching;

  expect(before).toBeGreaterThan(0);
  expect(seen).toEqual(Array.from({ length: last - since.seq }, (_, index) => since.seq + 1 + index));
  const written = (await collect(owner.tickets({ workflow_id: workflow }))).map(({ title }) => title);
  expect(written.filter((title) => title.startsWith("Writer")).sort()).toEqual(titles.sort());
  expect([...runs.keys()].sort()).toEqual([...ids].sort());
  expect([...runs.values()]).toEqual(ids.map(() => 1));
  expect(summaries.reduce((sum, { completed }) => sum + completed, 0)).toBe(JOBS);
  for (const { id, result } of await jobs()) {
    expect(result).toEqual({ id });
    const { messages } = await owner.jobMessages(id, { limit: 200 });
    expect(messages.filter(({ content }) => content === "Printed once")).toHaveLength(1);
  }
});
