import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { OutageWatch } from "./outage";
import type { LiveStatus } from "./transport/connection";

let stop = () => {};
beforeEach(() => vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => {
  stop();
  vi.useRealTimers();
});

function setUp(first: LiveStatus = "live") {
  let status = first;
  const server = { answers: true, wholeAt: 990_000 as number | null };
  const listeners = new Set<() => void>();
  const watch = new OutageWatch({
    status: () => status,
    onStatus: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    wholeAt: () => server.wholeAt,
    probe: async () => server.answers,
  });
  stop = watch.start();
  const become = (next: LiveStatus) => {
    status = next;
    for (const listener of listeners) listener();
  };
  return { watch, server, become, advance: (ms: number) => vi.advanceTimersByTimeAsync(ms) };
}

describe("an outage", () => {
  it("is shown after two seconds, with the last moment at which the page was up to date", async () => {
    const { watch, become, advance } = setUp();
    become("reconnecting");
    await advance(1_900);
    expect(watch.get()).toBeNull();
    await advance(200);
    expect(watch.get()).toEqual({ asOf: 990_000 });
    become("offline");
    await advance(60_000);
    expect(watch.get()).toEqual({ asOf: 990_000 });
    become("live");
    expect(watch.get()).toBeNull();
  });

  it("is not shown if it ends at once", async () => {
    const { watch, become, advance } = setUp();
    const seen = vi.fn();
    watch.subscribe(seen);
    for (let n = 0; n < 5; n += 1) {
      become("reconnecting");
      await advance(1_000);
      become("live");
      await advance(1_000);
    }
    expect(seen).not.toHaveBeenCalled();
  });

  it("counts from the first sign, which is forgotten after a while", async () => {
    const { watch, become, advance } = setUp();
    window.dispatchEvent(new Event("offline"));
    await advance(4_000);
    become("reconnecting");
    await advance(0);
    expect(watch.get()).not.toBeNull();
    become("live");
    window.dispatchEvent(new Event("offline"));
    await advance(60_000);
    become("reconnecting");
    await advance(1_000);
    expect(watch.get()).toBeNull();
  });

  it("is over while polling works", async () => {
    const { watch, become, advance } = setUp();
    become("reconnecting");
    await advance(3_000);
    become("polling");
    expect(watch.get()).toBeNull();
  });

  it("is found by a request where no stream is open, and ends when the server answers", async () => {
    const { watch, server, advance } = setUp("idle");
    window.dispatchEvent(new Event("offline"));
    await advance(10_000);
    // Without a network, the server of this machine still answers.
    expect(watch.get()).toBeNull();
    server.answers = false;
    watch.suspect();
    await advance(2_100);
    expect(watch.get()).toEqual({ asOf: 1_010_000 });
    server.answers = true;
    await advance(4_100);
    expect(watch.get()).toBeNull();
  });

  it("goes on when the last stream is closed, until the server answers", async () => {
    const { watch, server, become, advance } = setUp();
    server.answers = false;
    become("offline");
    await advance(3_000);
    become("idle");
    await advance(20_000);
    expect(watch.get()).toEqual({ asOf: 990_000 });
    server.answers = true;
    await advance(4_100);
    expect(watch.get()).toBeNull();
  });

  it("has a time also if the page was never up to date", async () => {
    const { watch, server, become, advance } = setUp("connecting");
    server.wholeAt = null;
    become("offline");
    await advance(2_100);
    expect(watch.get()).toEqual({ asOf: 1_000_000 });
  });
});
