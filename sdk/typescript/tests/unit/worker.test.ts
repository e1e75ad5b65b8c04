import { expect, test } from "vitest";
import { sleep, unlessAborted, WakeUp } from "../../src/time.js";
import { Transcript } from "../../src/worker/transcript.js";

type Messages = { content: string }[];

test("messages of one moment go into one request, in order", async () => {
  const sent: Messages[] = [];
  const transcript = new Transcript(async (messages) => {
    sent.push(messages);
    await sleep(5);
  });
  const add = (content: string) => transcript.add({ kind: "log", content });
  void add("one");
  await Promise.all([add("two"), add("")]);
  for (let number = 0; number < 250; number++) void add(String(number));
  await transcript.flush();
  expect(sent.map((batch) => batch.length)).toEqual([2, 100, 100, 50]);
  expect(sent.flat().map(({ content }) => content)).toEqual([
    "one",
    "two",
    ...Array.from({ length: 250 }, (_, n) => String(n)),
  ]);
});

test("long texts are cut, large batches are divided, and the queue is bounded", async () => {
  const sent: Messages[] = [];
  const transcript = new Transcript(async (messages) => void sent.push(messages));
  const long = `${"x".repeat(65_532)}😀x`;
  for (let number = 0; number < 20; number++) void transcript.add({ kind: "log", content: long });
  await transcript.flush();
  expect(sent.length).toBeGreaterThan(1);
  const content = sent[0]?.[0]?.content ?? "";
  expect([content.length, content.endsWith("x…")]).toEqual([65_533, true]);
  const all = Array.from({ length: 1_200 }, () =>
    transcript.add({ kind: "log", content: "x" }).then(
      () => true,
      () => false,
    ),
  );
  const stored = (await Promise.all(all)).filter(Boolean);
  expect(stored).toHaveLength(1_000);
});

test("a refused batch rejects its messages and no others", async () => {
  const transcript = new Transcript(async (messages) => {
    if (messages.some(({ content }) => content === "bad")) throw new Error("refused");
  });
  await expect(transcript.add({ kind: "log", content: "bad" })).rejects.toThrow("refused");
  await transcript.add({ kind: "log", content: "good" });
});

test("waits end with a wake-up, also one that came before", async () => {
  const wakeUp = new WakeUp();
  wakeUp.notify();
  await wakeUp.wait(60_000);
  const waits = Promise.all([wakeUp.wait(60_000), wakeUp.wait(60_000)]);
  wakeUp.notify();
  await waits;
  const start = performance.now();
  await wakeUp.wait(20);
  expect(performance.now() - start).toBeGreaterThan(15);
  await sleep(60_000, AbortSignal.timeout(10));
  expect(await unlessAborted(sleep(60_000), AbortSignal.timeout(10))).toBeUndefined();
  expect(await unlessAborted(Promise.resolve(1), new AbortController().signal)).toBe(1);
});
