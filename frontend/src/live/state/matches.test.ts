import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Problem } from "@/api/problem";
import type { EventPage, LiveEvent } from "@/api/types";
import { Feed } from "../streams/feed";
import { Connection, type SocketLike } from "../transport/connection";
import { MatchStore, readCursor, tell } from "./matches";
import { card } from "./testing";

function match(seq: number, given: Partial<LiveEvent> = {}): LiveEvent {
  return {
    type: "search_matched",
    workflow_id: "w1",
    ticket_id: `ticket-${seq}`,
    agent_id: null,
    data: { search_id: "s1", name: "Mine", ticket: card(seq) },
    timestamp: "2026-01-01T00:00:00Z",
    stream: "search:s1",
    seq,
    epoch: "e1",
    prev: seq - 1,
    ...given,
  };
}

const AT_3 = { epoch: "e1", seq: 3, unread: 1 };
const seqs = (events: readonly LiveEvent[]) => events.map(({ seq }) => seq);

describe("what is told of a saved search", () => {
  it("is told once", () => {
    const { cursor, fresh } = tell(AT_3, [match(2), match(3), match(4), match(5)]);
    expect(seqs(fresh)).toEqual([4, 5]);
    expect(cursor).toEqual({ epoch: "e1", seq: 5, unread: 3 });
    expect(tell(cursor, [match(4), match(5)])).toEqual({ cursor, fresh: [] });
  });

  it("counts matches only", () => {
    const { cursor, fresh } = tell(AT_3, [match(4, { type: "search_renamed" })]);
    expect(fresh).toEqual([]);
    expect(cursor).toEqual({ epoch: "e1", seq: 4, unread: 1 });
  });

  it("goes on in another life of the database", () => {
    const { cursor, fresh } = tell(AT_3, [match(1, { epoch: "e2" }), match(2, { epoch: "e2" })]);
    expect(seqs(fresh)).toEqual([1, 2]);
    expect(cursor).toEqual({ epoch: "e2", seq: 2, unread: 3 });
  });
});

describe("the kept cursor", () => {
  it("is read only when it is whole", () => {
    expect(readCursor('{"epoch":"e1","seq":3,"unread":1}')).toEqual(AT_3);
    const broken = [null, "", "null", "{", "[]", '{"epoch":1,"seq":3,"unread":1}', '{"epoch":"e","seq":-1,"unread":0}'];
    for (const text of [...broken, '{"epoch":"e","seq":"3","unread":0}', '{"epoch":"e","seq":1.5,"unread":0}']) {
      expect(readCursor(text)).toBeNull();
    }
  });

  it("belongs to a person, is seen, and is forgotten", () => {
    const kept = new Map<string, string>();
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    };
    let owner = "user-1";
    const store = new MatchStore(() => owner, storage);
    const changed = vi.fn();
    store.subscribe(changed);
    store.put("s1", AT_3);
    store.seen("s1");
    store.seen("s1");
    expect(store.cursor("s1")).toEqual({ ...AT_3, unread: 0 });
    expect(changed).toHaveBeenCalledTimes(2);
    owner = "user-2";
    expect(store.cursor("s1")).toBeNull();
    owner = "user-1";
    store.forget("s1");
    expect(store.cursor("s1")).toBeNull();
  });

  it("is not needed where nothing can be kept", () => {
    const refuse = () => {
      throw new Error("forbidden");
    };
    const store = new MatchStore(() => "user-1", { getItem: refuse, setItem: refuse, removeItem: refuse });
    store.put("s1", AT_3);
    store.forget("s1");
    expect(store.cursor("s1")).toBeNull();
  });
});

describe("a saved search's room", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  function stage(history: LiveEvent[], seq: number) {
    const told: number[] = [];
    const positions: unknown[] = [];
    const fetchEvents = vi.fn(async (since: number, epoch: string): Promise<EventPage> => {
      if (epoch !== "e1") throw new Problem(410, "another life");
      const events = history.filter((event) => event.seq > since).slice(0, 2);
      const last = history.at(-1)?.seq ?? 0;
      return { epoch, events, last_seq: last, has_more: (events.at(-1)?.seq ?? last) < last };
    });
    const room = new Feed(
      "search:s1",
      { epoch: "e1", seq },
      {
        fetchEvents,
        fetchPosition: async () => ({ epoch: "e2", seq: 7 }),
        commit: (events) => told.push(...seqs(events)),
        begin: (position) => positions.push(position),
      },
    );
    return { room, told, positions, fetchEvents };
  }

  it("tells in order, and fetches what is missing", async () => {
    const history = [1, 2, 3, 4, 5].map((seq) => match(seq));
    const { room, told } = stage(history, 1);
    expect(room.name).toBe("search:s1");
    room.offer([match(2)]);
    room.offer([match(5)]);
    expect(told).toEqual([2]);
    await vi.advanceTimersByTimeAsync(200);
    expect(told).toEqual([2, 3, 4, 5]);
    expect(room.cursor).toEqual({ epoch: "e1", seq: 5 });
  });

  it("begins anew when the server says so, or its cursor means nothing any more", async () => {
    const { room, told, positions } = stage([], 4);
    room.restart({ type: "resync", room: "search:s1", epoch: "e2", seq: 2 });
    expect(room.cursor).toEqual({ epoch: "e2", seq: 2 });
    expect(await room.catchUp()).toBe(1);
    expect(room.cursor).toEqual({ epoch: "e2", seq: 7 });
    room.close();
    room.offer([match(8, { epoch: "e2" })]);
    expect(told).toEqual([]);
    expect(positions).toHaveLength(2);
  });
});

describe("a connection", () => {
  it("is live without a room that is refused", async () => {
    const sent: Array<{ room?: string }> = [];
    const socket: SocketLike = {
      readyState: 1,
      onopen: null,
      onmessage: null,
      onclose: null,
      onerror: null,
      send: (text) => sent.push(JSON.parse(text)),
      close: () => undefined,
    };
    const lost: string[] = [];
    const connection = new Connection({
      open: () => socket,
      ticket: async () => "ticket",
      token: () => null,
      renew: async () => true,
      lost: (room) => lost.push(room),
      online: () => true,
    });
    const deps = {
      fetchEvents: async (): Promise<EventPage> => ({ epoch: "e1", events: [], last_seq: 1, has_more: false }),
      fetchPosition: async () => ({ epoch: "e1", seq: 1 }),
      commit: () => undefined,
      begin: () => undefined,
    };
    for (const id of ["s1", "s2"]) connection.join(new Feed(`search:${id}`, { epoch: "e1", seq: 1 }, deps));
    await vi.waitFor(() => expect(socket.onopen).not.toBeNull());
    const say = (message: unknown) => socket.onmessage?.({ data: JSON.stringify(message) });
    socket.onopen?.();
    expect(sent.map(({ room }) => room)).toEqual(["search:s1", "search:s2"]);
    say({ type: "subscribed", room: "search:s1", epoch: "e1", seq: 1 });
    expect(connection.get()).toBe("connecting");
    say({ type: "error", code: "not_found", room: "search:s2" });
    expect([connection.get(), lost]).toEqual(["live", ["search:s2"]]);
    connection.stop();
  });
});
