import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Problem } from "@/api/problem";
import type { EventPage } from "@/api/types";
import { card, event, snapshot } from "../state/testing";
import { Feed } from "../streams/feed";
import { Connection, type SocketLike } from "./connection";
import { CLOSE } from "./protocol";
import { setUp } from "./testing";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe("Connection", () => {
  it("fetches a ticket, subscribes from the cursor, and is live once the server confirms the room", async () => {
    const { connection, room, accept, latest, advance } = setUp();
    connection.join(room);
    expect(connection.get()).toBe("connecting");
    await advance();
    expect(latest().protocols).toEqual(["callboard.v1", "callboard.ticket.ticket0"]);
    await accept();
    expect(latest().sent).toEqual([{ type: "subscribe", room: "workflow:w1", since: { epoch: "e1", seq: 0 } }]);
    expect(connection.get()).toBe("live");
  });

  it("resumes after a disconnect without losing events", async () => {
    const { server, connection, room, accept, board, latest, advance } = setUp();
    connection.join(room);
    const first = await accept();
    first.deliver(server.changeStatus(1, "doing"));
    await advance(20);
    first.disconnect();
    server.changeStatus(1, "done");
    server.changeStatus(2, "doing");
    expect(connection.get()).toBe("reconnecting");
    await advance(1_000);
    await accept();
    expect(latest()).not.toBe(first);
    expect(latest().sent[0]).toMatchObject({ since: { seq: 1 } });
    expect(board().seq).toBe(3);
    expect(board().cards.get("ticket-1")?.status).toBe("done");
    expect(connection.get()).toBe("live");
  });

  it("reconnects with the same token when the server could not check it", async () => {
    const { server, connection, room, accept, latest, advance } = setUp();
    connection.join(room);
    const first = await accept();
    first.disconnect(CLOSE.tryAgain);
    await advance(1_000);
    expect(latest()).not.toBe(first);
    await accept();
    expect([connection.get(), server.refreshes]).toEqual(["live", 0]);
  });

  it("fetches only the missing events when there is a gap", async () => {
    const { server, connection, room, accept, board, advance, fetchEvents, fetchBoard } = setUp();
    connection.join(room);
    const socket = await accept();
    server.changeStatus(1, "doing");
    server.changeStatus(1, "done");
    for (let i = 0; i < 5; i += 1) server.changeStatus(2, i % 2 ? "todo" : "doing");
    socket.deliver(event(7, 2, "status_changed", { changes: { status: "doing" } }));
    await advance(500);
    expect(board().seq).toBe(7);
    expect(fetchEvents.mock.calls[0]?.slice(1)).toEqual([0, "e1"]);
    expect(fetchBoard).not.toHaveBeenCalled();
  });

  it("replaces the board when the epoch changed", async () => {
    const { connection, room, accept, board, latest, advance } = setUp();
    connection.join(room);
    await accept();
    const fresh = { ...snapshot([card(9)], 41), epoch: "e2" };
    latest().deliver({ type: "resync", room: "workflow:w1", epoch: "e2", seq: 41, board: fresh });
    await advance(20);
    expect([...board().cards.keys()]).toEqual(["ticket-9"]);
    expect(room.cursor).toEqual({ epoch: "e2", seq: 41 });
  });

  it("re-authenticates in place", async () => {
    const { server, connection, room, accept, advance } = setUp();
    connection.join(room);
    const socket = await accept();
    socket.deliver({ type: "reauthenticate", expires_in: 60 });
    await advance();
    expect(server.refreshes).toBe(1);
    expect(socket.sent.at(-1)).toEqual({ type: "auth", token: "access" });
  });

  it("polls until a socket can be opened", async () => {
    const { server, connection, room, accept, board, latest, advance, sockets } = setUp();
    connection.join(room);
    await advance();
    latest().disconnect();
    await advance(1_100);
    latest().disconnect();
    expect(connection.get()).toBe("reconnecting");
    server.changeStatus(1, "done");
    await advance(2_500);
    expect(connection.get()).toBe("polling");
    expect(board().cards.get("ticket-1")?.status).toBe("done");
    for (let i = 0; i < 40 && latest().readyState !== 0; i += 1) await advance(500);
    expect(sockets.length).toBeGreaterThan(2);
    await accept();
    expect(connection.get()).toBe("live");
  });

  it("reports being offline, and catches up on resume", async () => {
    const { server, connection, room, accept, board, advance, latest } = setUp();
    connection.join(room);
    const first = await accept();
    server.online = false;
    first.disconnect();
    await advance(10_000);
    expect(connection.get()).toBe("offline");
    server.changeStatus(2, "done");
    server.online = true;
    connection.resume();
    await advance();
    expect(latest()).not.toBe(first);
    await accept();
    expect(board().cards.get("ticket-2")?.status).toBe("done");
    expect(connection.get()).toBe("live");
  });

  it("replaces a socket that does not respond after a resume", async () => {
    const { connection, room, accept, advance, sockets } = setUp();
    connection.join(room);
    const first = await accept();
    connection.resume();
    expect(first.sent.at(-1)).toEqual({ type: "ping" });
    await advance(5_200);
    expect(sockets.length).toBe(2);
    expect(first.readyState).toBe(3);
  });

  it("keeps a socket that responds", async () => {
    const { connection, room, accept, advance, sockets } = setUp();
    connection.join(room);
    const first = await accept();
    connection.resume();
    first.deliver({ type: "pong" });
    await advance(10_000);
    expect(sockets.length).toBe(1);
  });

  it("reports a revoked room", async () => {
    const { server, connection, room, accept } = setUp();
    connection.join(room);
    const socket = await accept();
    socket.deliver({ type: "unsubscribed", room: "workflow:w1", reason: "not a member" });
    expect(server.revoked).toEqual(["workflow:w1"]);
  });

  it("reports a revoked room while polling", async () => {
    const { server, connection, room, advance, latest, fetchEvents } = setUp();
    connection.join(room);
    await advance();
    latest().disconnect();
    await advance(1_100);
    latest().disconnect();
    fetchEvents.mockRejectedValue(new Problem(404, "There is no such workflow."));
    await advance(2_500);
    expect(server.revoked).toEqual(["workflow:w1"]);
  });

  it("does not report a room that was left", async () => {
    const { server, connection, room, accept } = setUp();
    connection.join(room);
    const socket = await accept();
    socket.deliver({ type: "unsubscribed", room: "workflow:w1", reason: "asked" });
    expect(server.revoked).toEqual([]);
    expect(connection.get()).toBe("live");
  });

  it("closes when the last room is left", async () => {
    const { connection, room, accept } = setUp();
    connection.join(room);
    const socket = await accept();
    connection.leave(room);
    expect(socket.readyState).toBe(3);
    expect(connection.get()).toBe("idle");
  });

  it("is live without a room that the server rejects", async () => {
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
    const revoked: string[] = [];
    const connection = new Connection({
      open: () => socket,
      fetchTicket: async () => "ticket",
      token: () => null,
      refreshToken: async () => true,
      onRevoked: (room) => revoked.push(room),
      isOnline: () => true,
    });
    const deps = {
      fetchEvents: async (): Promise<EventPage> => ({ epoch: "e1", events: [], last_seq: 1, has_more: false }),
      fetchCursor: async () => ({ epoch: "e1", seq: 1 }),
      onEvents: () => undefined,
      onRestart: () => undefined,
    };
    for (const id of ["s1", "s2"]) connection.join(new Feed(`search:${id}`, { epoch: "e1", seq: 1 }, deps));
    await vi.waitFor(() => expect(socket.onopen).not.toBeNull());
    const deliver = (message: unknown) => socket.onmessage?.({ data: JSON.stringify(message) });
    socket.onopen?.();
    expect(sent.map(({ room }) => room)).toEqual(["search:s1", "search:s2"]);
    deliver({ type: "subscribed", room: "search:s1", epoch: "e1", seq: 1 });
    expect(connection.get()).toBe("connecting");
    deliver({ type: "error", code: "not_found", room: "search:s2" });
    expect([connection.get(), revoked]).toEqual(["live", ["search:s2"]]);
    connection.stop();
  });
});
