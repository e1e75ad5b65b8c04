import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Problem } from "@/api/problem";
import type { EventPage, LiveEvent } from "@/api/types";
import { matchEvent } from "../state/testing";
import { Feed } from "./feed";

const seqs = (events: readonly LiveEvent[]) => events.map(({ seq }) => seq);

describe("Feed", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  function setUp(history: LiveEvent[], seq: number) {
    const delivered: number[] = [];
    const restarts: unknown[] = [];
    const fetchEvents = async (since: number, epoch: string): Promise<EventPage> => {
      if (epoch !== "e1") throw new Problem(410, "another epoch");
      const events = history.filter((event) => event.seq > since).slice(0, 2);
      const last = history.at(-1)?.seq ?? 0;
      return { epoch, events, last_seq: last, has_more: (events.at(-1)?.seq ?? last) < last };
    };
    const feed = new Feed(
      "search:s1",
      { epoch: "e1", seq },
      {
        fetchEvents,
        fetchCursor: async () => ({ epoch: "e2", seq: 7 }),
        onEvents: (events) => delivered.push(...seqs(events)),
        onRestart: (cursor) => restarts.push(cursor),
      },
    );
    return { feed, delivered, restarts };
  }

  it("delivers in order and fetches missing events", async () => {
    const history = [1, 2, 3, 4, 5].map((seq) => matchEvent(seq));
    const { feed, delivered } = setUp(history, 1);
    expect(feed.name).toBe("search:s1");
    feed.receive([matchEvent(2)]);
    feed.receive([matchEvent(5)]);
    expect(delivered).toEqual([2]);
    await vi.advanceTimersByTimeAsync(200);
    expect(delivered).toEqual([2, 3, 4, 5]);
    expect(feed.cursor).toEqual({ epoch: "e1", seq: 5 });
  });

  it("restarts on a resync or when its cursor is no longer valid", async () => {
    const { feed, delivered, restarts } = setUp([], 4);
    feed.restart({ epoch: "e2", seq: 2 });
    expect(feed.cursor).toEqual({ epoch: "e2", seq: 2 });
    expect(await feed.catchUp()).toBe(1);
    expect(feed.cursor).toEqual({ epoch: "e2", seq: 7 });
    feed.close();
    feed.receive([matchEvent(8, { epoch: "e2" })]);
    expect(delivered).toEqual([]);
    expect(restarts).toHaveLength(2);
  });
});
