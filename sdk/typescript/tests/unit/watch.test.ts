import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Client, type Cursor, type Update } from "../../src/index.js";
import type { SocketEvents } from "../../src/platform/socket.js";
import { fakeFetch } from "./fake-server.js";

/** A connection of the client under test. */
class FakeSocket {
  readonly sent: Record<string, unknown>[] = [];
  readonly reading: boolean[] = [];
  closed = false;

  constructor(readonly events: SocketEvents) {}

  /** What the client asked for when it subscribed. */
  get subscribed(): Record<string, unknown> | undefined {
    return this.sent.find(({ type }) => type === "subscribe");
  }

  say(...messages: object[]): void {
    for (const message of messages) this.events.message(JSON.stringify(message));
  }

  end(code = 1006, status?: number): void {
    this.events.end({ code, status });
  }
}

const platform = vi.hoisted(() => ({ sockets: [] as unknown[], canPause: true }));
const sockets = platform.sockets as FakeSocket[];

vi.mock("#platform", () => ({
  allowListeners: () => {},
  openSocket: (_url: string, events: SocketEvents) => {
    const socket = new FakeSocket(events);
    sockets.push(socket);
    setTimeout(() => events.open());
    return {
      send: (text: string) => socket.sent.push(JSON.parse(text)),
      close: () => {
        socket.closed = true;
      },
      ...(platform.canPause ? { setReading: (reading: boolean) => socket.reading.push(reading) } : {}),
    };
  },
}));

const ROOM = "workflow:workflow-1";
const cursor = (seq: number, epoch = "e"): Cursor => ({ epoch, seq });
const event = (seq: number, prev = seq - 1, epoch = "e") => ({
  type: "ticket_updated",
  stream: "workflow-1",
  seq,
  prev,
  epoch,
  data: {},
});
const live = (seq: number) => ({ type: "subscribed", room: ROOM, ...cursor(seq) });

const client = () => new Client("http://callboard.test", { key: "cb_x", fetch: fakeFetch([{ status: 401 }]).fetch });

/** The latest connection, when the client has subscribed on it. */
async function connected(count: number): Promise<FakeSocket> {
  for (;;) {
    const socket = sockets[count - 1];
    if (socket?.subscribed) return socket;
    await vi.advanceTimersByTimeAsync(10);
  }
}

const brief = (update: Update) => [update.kind, update.cursor.seq];

async function take(watch: AsyncIterator<Update>, count: number): Promise<unknown[]> {
  const taken = [];
  for (let index = 0; index < count; index++) {
    const { value } = await watch.next();
    taken.push(value ? brief(value) : value);
  }
  return taken;
}

beforeEach(() => {
  vi.useFakeTimers();
  sockets.length = 0;
  platform.canPause = true;
});

afterEach(() => {
  vi.useRealTimers();
});

test("resumes from its cursor, and passes on no number twice", async () => {
  const watch = client().watch(ROOM);
  const first = take(watch, 4);
  const one = await connected(1);
  expect(one.sent).toEqual([
    { type: "auth", token: "cb_x" },
    { type: "subscribe", room: ROOM },
  ]);
  one.say(
    { type: "authenticated" },
    { type: "snapshot", board: { tickets: [] }, ...cursor(3) },
    live(3),
    event(4),
    event(4),
    event(5),
  );
  expect(await first).toEqual([
    ["snapshot", 3],
    ["live", 3],
    ["event", 4],
    ["event", 5],
  ]);
  one.end(1012);
  const more = take(watch, 2);
  const two = await connected(2);
  expect(two.subscribed?.since).toEqual(cursor(5));
  two.say(event(5), event(6), live(6));
  expect(await more).toEqual([
    ["event", 6],
    ["live", 6],
  ]);
  expect(watch.cursor).toEqual(cursor(6));
  watch.close();
  expect([two.closed, await watch.next()]).toEqual([true, { done: true, value: undefined }]);
});

test("a gap and an event of another epoch make it reconnect", async () => {
  const watch = client().watch(ROOM, { since: cursor(1) });
  const updates = take(watch, 3);
  (await connected(1)).say(event(2), event(4));
  const two = await connected(2);
  expect([sockets[0]?.closed, two.subscribed?.since]).toEqual([true, cursor(2)]);
  two.say(event(9, 8, "other"));
  const three = await connected(3);
  expect(three.subscribed?.since).toEqual(cursor(2));
  // The numbers of a ticket's room have gaps.
  three.say(event(7, 2), event(9, 7));
  expect(await updates).toEqual([
    ["event", 2],
    ["event", 7],
    ["event", 9],
  ]);
  watch.close();
});

test("a snapshot in place of missed events is a resync", async () => {
  const watch = client().watch(ROOM, { since: cursor(1, "old") });
  const updates = take(watch, 3);
  (await connected(1)).say({ type: "resync", board: { tickets: [1] }, ...cursor(7) }, live(7), event(8));
  expect(await updates).toEqual([
    ["resync", 7],
    ["live", 7],
    ["event", 8],
  ]);
  sockets[0]?.end();
  const next = watch.next();
  (await connected(2)).say({ type: "snapshot", board: { tickets: [2] }, ...cursor(9) });
  expect((await next).value).toEqual({ kind: "resync", cursor: cursor(9), state: { tickets: [2] } });
  watch.close();
});

test.each([
  [
    () => sockets[0]?.say({ type: "error", code: "not_found", detail: "There is no such room." }),
    404,
    "There is no such room.",
  ],
  [
    () => sockets[0]?.say({ type: "unsubscribed", room: ROOM, reason: "forbidden" }),
    403,
    "Access to the room was revoked.",
  ],
  [() => sockets[0]?.end(4003), 403, "Access to the room was revoked."],
  [() => sockets[0]?.end(4001), 401, "The credential is no longer valid."],
  [() => sockets[0]?.end(1006, 401), 401, "The credential is no longer valid."],
  [() => sockets[0]?.end(1006, 403), 403, "The server responded with 403 to the WebSocket request."],
])("ends with an error that no retry can fix (%#)", async (happen, status, detail) => {
  const watch = client().watch(ROOM);
  const next = watch.next().catch((error: unknown) => error);
  await connected(1);
  happen();
  expect(await next).toMatchObject({ name: "RefusedError", status, detail });
  expect(await watch.next()).toEqual({ done: true, value: undefined });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(sockets).toHaveLength(1);
});

test("reconnects after everything else, with growing pauses", async () => {
  const watch = client().watch(ROOM, { since: cursor(1) });
  const next = watch.next();
  const ends: ((socket: FakeSocket) => void)[] = [
    (socket) => socket.end(1006, 503),
    (socket) => socket.end(1013),
    (socket) => socket.end(4008),
    (socket) => socket.say({ type: "error", code: "busy", detail: "Later." }),
    (socket) => socket.events.message("{"),
  ];
  for (const [index, end] of ends.entries()) end(await connected(index + 1));
  const before = Date.now();
  (await connected(6)).say(event(2));
  expect(Date.now() - before).toBeGreaterThan(1_000);
  expect((await next).value).toMatchObject({ kind: "event" });
  // A connection without any message is lost.
  await vi.advanceTimersByTimeAsync(100_000);
  expect(sockets.length).toBeGreaterThan(6);
  watch.close();
});

test("a server that does not let it in is tried again", async () => {
  const watch = client().watch(ROOM);
  void watch.next();
  await vi.advanceTimersByTimeAsync(0);
  sockets[0]?.events.end({ code: 1006 });
  expect((await connected(2)).subscribed).toBeDefined();
  watch.close();
});

test("stops reading while updates wait to be taken", async () => {
  const watch = client().watch(ROOM, { since: cursor(0), buffer: 4 });
  const first = take(watch, 1);
  const socket = await connected(1);
  socket.say(...[1, 2, 3, 4, 5].map((seq) => event(seq)));
  await first;
  expect(socket.reading).toEqual([false]);
  await take(watch, 2);
  expect(socket.reading).toEqual([false, true]);
  watch.close();
});

test("disconnects while updates wait, where the platform cannot stop reading", async () => {
  platform.canPause = false;
  const watch = client().watch(ROOM, { since: cursor(0), buffer: 4 });
  const first = take(watch, 1);
  (await connected(1)).say(...[1, 2, 3, 4, 5, 6].map((seq) => event(seq)));
  await first;
  expect(sockets[0]?.closed).toBe(true);
  await vi.advanceTimersByTimeAsync(120_000);
  expect(sockets).toHaveLength(1);
  await take(watch, 2);
  expect((await connected(2)).subscribed?.since).toEqual(cursor(5));
  sockets[1]?.say(event(6));
  expect(await take(watch, 3)).toEqual([
    ["event", 4],
    ["event", 5],
    ["event", 6],
  ]);
  watch.close();
});

test("a signal ends it", async () => {
  const abort = new AbortController();
  const watch = client().watch(ROOM, { signal: abort.signal });
  const next = watch.next().catch((error: unknown) => error);
  await connected(1);
  abort.abort("enough");
  expect(await next).toMatchObject({ name: "AbortError", cause: "enough" });
  expect(sockets[0]?.closed).toBe(true);
  await expect(client().watch(ROOM, { signal: abort.signal }).next()).rejects.toMatchObject({ name: "AbortError" });
  expect(sockets).toHaveLength(1);
});

test("leaving the loop closes the connection", async () => {
  const loop = (async () => {
    for await (const update of client().watch(ROOM)) return update.kind;
  })();
  (await connected(1)).say({ type: "snapshot", board: {}, ...cursor(1) });
  expect(await loop).toBe("snapshot");
  expect(sockets[0]?.closed).toBe(true);
});

test("an access token is replaced before it expires", async () => {
  const { fetch } = fakeFetch([{ status: 200, body: { access: "access-2", refresh: "refresh-2" } }]);
  const tokens = { access: "access-1", refresh: "refresh-1" };
  const watch = new Client("http://callboard.test", { tokens, fetch }).watch(ROOM);
  void watch.next();
  const one = await connected(1);
  one.say({ type: "reauthenticate", expires_in: 60 });
  await vi.advanceTimersByTimeAsync(0);
  expect(one.sent.at(-1)).toEqual({ type: "auth", token: "access-2" });
  // An expired one is refreshed, and the connection made again.
  one.end(4001);
  expect((await connected(2)).sent[0]).toEqual({ type: "auth", token: "access-2" });
  watch.close();
});
