import { afterEach, expect, test, vi } from "vitest";
import { WebSocket } from "ws";

import { Client, type Cursor, type Update, type Watch } from "../../src/index.js";
import type { SocketEnd } from "../../src/platform/socket.js";
import { openSocket } from "../../src/platform/web.js";
import { fixture, heal, proxy, proxyUrl, url } from "./support.js";

afterEach(heal);

async function next(watch: Watch): Promise<Update> {
  const { value } = await watch.next();
  if (!value) throw new Error("the watch has ended");
  return value;
}

/** Reads until live; returns the numbers of the earlier events. */
async function untilLive(watch: Watch): Promise<{ numbers: number[]; kinds: string[]; cursor: Cursor }> {
  const numbers: number[] = [];
  const kinds: string[] = [];
  for (;;) {
    const update = await next(watch);
    kinds.push(update.kind);
    if (update.kind === "event") numbers.push(update.event.seq);
    if (update.kind === "live") return { numbers, kinds, cursor: update.cursor };
  }
}

/** Reads events up to a number. */
async function eventsUpTo(watch: Watch, last: number): Promise<number[]> {
  const numbers: number[] = [];
  while ((numbers.at(-1) ?? 0) < last) {
    const update = await next(watch);
    if (update.kind === "event") numbers.push(update.event.seq);
    else if (update.kind !== "live") throw new Error(`not expected: ${update.kind}`);
  }
  return numbers;
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

test("gets each event once through lost connections", async () => {
  const { owner, workflow, room, ticket, key } = await fixture("Watch");
  const client = new Client(proxyUrl, { key });
  const watch = client.watch(room);
  const { kinds, cursor: start } = await untilLive(watch);
  expect(kinds).toEqual(["snapshot", "live"]);
  const end = async () => (await owner.endOfStream(workflow)).seq;
  const seen: number[] = [];
  for (let round = 0; round < 3; round++) {
    await ticket(`Live ${round}`);
    seen.push(...(await eventsUpTo(watch, await end())));
    await proxy({ connected: false });
    // Written while the client was disconnected.
    for (let number = 0; number < 5; number++) await ticket(`Missed ${round} ${number}`);
    await proxy({ connected: true });
    seen.push(...(await eventsUpTo(watch, await end())));
  }
  const last = await end();
  expect(seen).toEqual(range(start.seq + 1, last));
  watch.close();
  // Another process resumes from a stored cursor.
  const kept: Cursor = JSON.parse(JSON.stringify({ epoch: start.epoch, seq: start.seq + 3 }));
  const again = client.watch(room, { since: kept });
  expect((await untilLive(again)).numbers).toEqual(range(start.seq + 4, last));
  again.close();
});

test("gets each event once in random cuts, also if it is slow", async () => {
  const { owner, workflow, room, ticket, key } = await fixture("Cut watch");
  const since = await owner.endOfStream(workflow);
  await proxy({ cut: 100 });
  const client = new Client(proxyUrl, { key });
  const fast = client.watch(room, { since });
  const slow = client.watch(room, { since, buffer: 2 });
  const writing = (async () => {
    for (let number = 0; number < 60; number++) await ticket(`Ticket ${number}`);
    return (await owner.endOfStream(workflow)).seq;
  })();
  const first = eventsUpTo(fast, since.seq + 60);
  const last = await writing;
  const all = range(since.seq + 1, last);
  expect([...(await first), ...(last > since.seq + 60 ? await eventsUpTo(fast, last) : [])]).toEqual(all);
  const slowly: number[] = [];
  while ((slowly.at(-1) ?? 0) < last) {
    const update = await next(slow);
    if (update.kind === "event") slowly.push(update.event.seq);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect(slowly).toEqual(all);
  fast.close();
  slow.close();
});

test("a cursor of another epoch is a resync", async () => {
  const { room, ticket, key } = await fixture("Resync");
  await ticket("There");
  const watch = new Client(url, { key }).watch(room, { since: { epoch: "another", seq: 1 } });
  const update = await next(watch);
  expect(update).toMatchObject({ kind: "resync", state: { tickets: [{ title: "There" }] } });
  watch.close();
});

test("rooms of tickets and jobs have states of their own", async () => {
  const { workflow, ticket, job, key } = await fixture("Rooms");
  const client = new Client(url, { key });
  const id = await ticket("Watched");
  await ticket("Another");
  for (const room of [`ticket:${id}`, `job:${await job("Work")}`]) {
    const watch = client.watch(room);
    expect(await next(watch)).toMatchObject({ kind: "snapshot", state: { workflow_id: workflow } });
    expect((await next(watch)).kind).toBe("live");
    watch.close();
  }
  const watch = client.watch(`ticket:${id}`);
  await untilLive(watch);
  await ticket("A third");
  await client.comment({ ticket_id: id, comment_text: "In the room" });
  expect(await next(watch)).toMatchObject({ kind: "event", event: { type: "comment_added", ticket_id: id } });
  watch.close();
});

test("a forbidden room ends the watch, and so does a revoked key", async () => {
  const { owner, room, key, agent } = await fixture("Forbidden");
  const { room: other } = await fixture("Not theirs");
  const client = new Client(url, { key });
  await expect(client.watch(other).next()).rejects.toMatchObject({ name: "RefusedError", status: 404 });
  const watch = client.watch(room);
  await untilLive(watch);
  const { keys } = await owner.request("get", "/api/keys", { query: { actor_id: agent } });
  await owner.request("delete", "/api/keys/{id}", { path: { id: keys[0]?.id ?? "" } });
  const error = await (async () => {
    for (;;) await next(watch);
  })().catch((error: unknown) => error);
  expect(error).toMatchObject({ name: "RefusedError" });
  expect([401, 403]).toContain((error as { status: number }).status);
});

test("the WebSocket of browsers speaks with the server, too", async () => {
  const { room, key } = await fixture("Web");
  // Node 20 has none; this one has the same interface.
  vi.stubGlobal("WebSocket", WebSocket);
  const types: unknown[] = [];
  const end = await new Promise<SocketEnd>((resolve) => {
    const socket = openSocket(`${url.replace("http", "ws")}/ws`, {
      open: () => {
        socket.send(JSON.stringify({ type: "auth", token: key }));
        socket.send(JSON.stringify({ type: "subscribe", room }));
      },
      message: (text) => {
        const { type } = JSON.parse(text);
        types.push(type);
        if (type === "subscribed") socket.send(JSON.stringify({ type: "auth", token: "cb_none" }));
      },
      end: resolve,
    });
  });
  vi.unstubAllGlobals();
  expect([types, end.code]).toEqual([["connected", "authenticated", "snapshot", "subscribed"], 4001]);
});
