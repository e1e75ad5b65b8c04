import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Problem } from "@/api/problem";
import type { BoardSnapshot, EventPage, LiveEvent } from "@/api/types";
import { type BoardState, boardFrom } from "../state/board";
import { card, event, snapshot } from "../state/testing";
import { Room } from "../streams/board-room";
import { Connection, type SocketLike } from "./connection";
import { backoff, parse } from "./protocol";

class FakeSocket implements SocketLike {
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onerror: (() => void) | null = null;
  sent: Array<Record<string, unknown>> = [];

  constructor(readonly protocols: string[]) {}

  open() {
    this.readyState = 1;
    this.onopen?.();
  }
  say(message: unknown) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  die(code = 1006) {
    this.readyState = 3;
    this.onclose?.({ code });
  }
  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.readyState = 3;
  }
}

/** A server that keeps its whole past, and a tab that talks to it. */
function stage() {
  const sockets: FakeSocket[] = [];
  const history: LiveEvent[] = [];
  const start = snapshot([card(1), card(2)]);
  let drawn: BoardState = boardFrom(start);
  const server = {
    online: true,
    epoch: "e1",
    board: start,
    renewed: 0,
    lost: [] as string[],
    tell(number: number, status: string) {
      const next = event(history.length + 1, number, "status_changed", { changes: { status } });
      history.push(next);
      return next;
    },
  };
  const fetchEvents = vi.fn(async (_: string, since: number, epoch: string): Promise<EventPage> => {
    if (!server.online) throw new Problem(0, "away");
    if (epoch !== server.epoch) throw new Problem(410, "another life");
    const events = history.slice(since, since + 3);
    return { epoch, events, last_seq: history.length, has_more: since + 3 < history.length };
  });
  const fetchBoard = vi.fn(async (): Promise<BoardSnapshot> => server.board);
  const room = new Room("w1", drawn, {
    fetchEvents,
    fetchBoard,
    commit: (_, board) => {
      drawn = board;
    },
  });
  const connection = new Connection({
    open: (protocols) => {
      const socket = new FakeSocket(protocols);
      sockets.push(socket);
      return socket;
    },
    ticket: async () => {
      if (!server.online) throw new Problem(0, "away");
      return `ticket${sockets.length}`;
    },
    token: () => "access",
    renew: async () => {
      server.renewed += 1;
      return true;
    },
    lost: (name) => server.lost.push(name),
    online: () => server.online,
  });
  const latest = () => sockets[sockets.length - 1] as FakeSocket;
  const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
  /** Opens the newest socket and answers its subscription like the server: what is missing, then "subscribed". */
  const accept = async () => {
    await settle();
    const socket = latest();
    socket.open();
    const subscribe = socket.sent.find(({ type }) => type === "subscribe") as { since: { seq: number } };
    for (const missed of history.slice(subscribe.since.seq)) socket.say(missed);
    socket.say({ type: "subscribed", room: "workflow:w1", epoch: "e1", seq: history.length });
    await settle(20);
    return socket;
  };
  return { server, connection, room, sockets, latest, accept, settle, fetchEvents, fetchBoard, board: () => drawn };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe("Connection", () => {
  it("asks for a ticket, subscribes from where the board stands, and is live when told it is caught up", async () => {
    const { connection, room, accept, latest, settle } = stage();
    connection.join(room);
    expect(connection.get()).toBe("connecting");
    await settle();
    expect(latest().protocols).toEqual(["callboard.v1", "callboard.ticket.ticket0"]);
    await accept();
    expect(latest().sent).toEqual([{ type: "subscribe", room: "workflow:w1", since: { epoch: "e1", seq: 0 } }]);
    expect(connection.get()).toBe("live");
  });

  it("resumes after a break and loses nothing", async () => {
    const { server, connection, room, accept, board, latest, settle } = stage();
    connection.join(room);
    const first = await accept();
    first.say(server.tell(1, "doing"));
    await settle(20);
    first.die();
    server.tell(1, "done");
    server.tell(2, "doing");
    expect(connection.get()).toBe("reconnecting");
    await settle(1_000);
    await accept();
    expect(latest()).not.toBe(first);
    expect(latest().sent[0]).toMatchObject({ since: { seq: 1 } });
    expect(board().seq).toBe(3);
    expect(board().cards.get("ticket-1")?.status).toBe("done");
    expect(connection.get()).toBe("live");
  });

  it("fetches only what is missing when an event did not arrive", async () => {
    const { server, connection, room, accept, board, settle, fetchEvents, fetchBoard } = stage();
    connection.join(room);
    const socket = await accept();
    server.tell(1, "doing");
    server.tell(1, "done");
    for (let i = 0; i < 5; i += 1) server.tell(2, i % 2 ? "todo" : "doing");
    socket.say(event(7, 2, "status_changed", { changes: { status: "doing" } }));
    await settle(500);
    expect(board().seq).toBe(7);
    expect(fetchEvents.mock.calls[0]?.slice(1)).toEqual([0, "e1"]);
    expect(fetchBoard).not.toHaveBeenCalled();
  });

  it("takes the whole board when the epoch changed", async () => {
    const { connection, room, accept, board, latest, settle } = stage();
    connection.join(room);
    await accept();
    const fresh = { ...snapshot([card(9)], 41), epoch: "e2" };
    latest().say({ type: "resync", room: "workflow:w1", epoch: "e2", seq: 41, board: fresh });
    await settle(20);
    expect([...board().cards.keys()]).toEqual(["ticket-9"]);
    expect(room.cursor).toEqual({ epoch: "e2", seq: 41 });
  });

  it("re-authenticates in place", async () => {
    const { server, connection, room, accept, settle } = stage();
    connection.join(room);
    const socket = await accept();
    socket.say({ type: "reauthenticate", expires_in: 60 });
    await settle();
    expect(server.renewed).toBe(1);
    expect(socket.sent.at(-1)).toEqual({ type: "auth", token: "access" });
  });

  it("polls while no socket can be had, and stops when one can", async () => {
    const { server, connection, room, accept, board, latest, settle, sockets } = stage();
    connection.join(room);
    await settle();
    latest().die();
    await settle(1_100);
    latest().die();
    expect(connection.get()).toBe("reconnecting");
    server.tell(1, "done");
    await settle(2_500);
    expect(connection.get()).toBe("polling");
    expect(board().cards.get("ticket-1")?.status).toBe("done");
    for (let i = 0; i < 40 && latest().readyState !== 0; i += 1) await settle(500);
    expect(sockets.length).toBeGreaterThan(2);
    await accept();
    expect(connection.get()).toBe("live");
  });

  it("says when it is offline, and catches up on waking", async () => {
    const { server, connection, room, accept, board, settle, latest } = stage();
    connection.join(room);
    const first = await accept();
    server.online = false;
    first.die();
    await settle(10_000);
    expect(connection.get()).toBe("offline");
    server.tell(2, "done");
    server.online = true;
    connection.wake();
    await settle();
    expect(latest()).not.toBe(first);
    await accept();
    expect(board().cards.get("ticket-2")?.status).toBe("done");
    expect(connection.get()).toBe("live");
  });

  it("leaves a socket that does not answer after waking", async () => {
    const { connection, room, accept, settle, sockets } = stage();
    connection.join(room);
    const first = await accept();
    connection.wake();
    expect(first.sent.at(-1)).toEqual({ type: "ping" });
    await settle(5_200);
    expect(sockets.length).toBe(2);
    expect(first.readyState).toBe(3);
  });

  it("keeps a socket that answers", async () => {
    const { connection, room, accept, settle, sockets } = stage();
    connection.join(room);
    const first = await accept();
    connection.wake();
    first.say({ type: "pong" });
    await settle(10_000);
    expect(sockets.length).toBe(1);
  });

  it("tells when the room was taken away", async () => {
    const { server, connection, room, accept } = stage();
    connection.join(room);
    const socket = await accept();
    socket.say({ type: "unsubscribed", room: "workflow:w1", reason: "not a member" });
    expect(server.lost).toEqual(["workflow:w1"]);
  });

  it("tells it too when only polling can find out", async () => {
    const { server, connection, room, settle, latest, fetchEvents } = stage();
    connection.join(room);
    await settle();
    latest().die();
    await settle(1_100);
    latest().die();
    fetchEvents.mockRejectedValue(new Problem(404, "There is no such workflow."));
    await settle(2_500);
    expect(server.lost).toEqual(["workflow:w1"]);
  });

  it("does not take the answer to its own leaving for a loss", async () => {
    const { server, connection, room, accept } = stage();
    connection.join(room);
    const socket = await accept();
    socket.say({ type: "unsubscribed", room: "workflow:w1", reason: "asked" });
    expect(server.lost).toEqual([]);
    expect(connection.get()).toBe("live");
  });

  it("closes when nobody looks", async () => {
    const { connection, room, accept } = stage();
    connection.join(room);
    const socket = await accept();
    connection.leave(room);
    expect(socket.readyState).toBe(3);
    expect(connection.get()).toBe("idle");
  });
});

describe("backoff", () => {
  it("grows, scatters and stays below its ceiling", () => {
    expect(backoff(0, () => 0)).toBe(250);
    expect(backoff(0, () => 1)).toBe(500);
    expect(backoff(3, () => 1)).toBe(4_000);
    expect(backoff(99, () => 1)).toBe(20_000);
  });
});

describe("parse", () => {
  it("tells events from messages and passes over the rest", () => {
    expect(parse(JSON.stringify(event(1, 1, "x", {})))).toHaveProperty("event.seq", 1);
    expect(parse('{"type":"pong"}')).toEqual({ message: { type: "pong" } });
    for (const nonsense of ["", "[]", "null", "{}", '{"type":3}', 7]) expect(parse(nonsense)).toBeNull();
  });
});
