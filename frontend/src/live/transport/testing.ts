/** Fixtures for transport tests: a fake socket, and a connection with one board room to a fake server. */
import { vi } from "vitest";
import { Problem } from "@/api/problem";
import type { BoardSnapshot, EventPage, LiveEvent } from "@/api/types";
import { type BoardState, boardFrom } from "../state/board";
import { card, event, snapshot } from "../state/testing";
import { BoardRoom } from "../streams/board-room";
import { Connection, type SocketLike } from "./connection";

/** A socket whose other end the test plays. */
export class FakeSocket implements SocketLike {
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
  deliver(message: unknown) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  disconnect(code = 1006) {
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

/** A fake server that keeps all events, and a connection to it. */
export function setUp() {
  const sockets: FakeSocket[] = [];
  const history: LiveEvent[] = [];
  const start = snapshot([card(1), card(2)]);
  let current: BoardState = boardFrom(start);
  const server = {
    online: true,
    epoch: "e1",
    board: start,
    refreshes: 0,
    revoked: [] as string[],
    changeStatus(number: number, status: string) {
      const next = event(history.length + 1, number, "status_changed", { changes: { status } });
      history.push(next);
      return next;
    },
  };
  const fetchEvents = vi.fn(async (_: string, since: number, epoch: string): Promise<EventPage> => {
    if (!server.online) throw new Problem(0, "offline");
    if (epoch !== server.epoch) throw new Problem(410, "another epoch");
    const events = history.slice(since, since + 3);
    return { epoch, events, last_seq: history.length, has_more: since + 3 < history.length };
  });
  const fetchBoard = vi.fn(async (): Promise<BoardSnapshot> => server.board);
  const room = new BoardRoom("w1", current, {
    fetchEvents,
    fetchBoard,
    fetchOlder: () => Promise.reject(new Error("nothing is left out")),
    onChange: (_, board) => {
      current = board;
    },
  });
  const connection = new Connection({
    open: (protocols) => {
      const socket = new FakeSocket(protocols);
      sockets.push(socket);
      return socket;
    },
    fetchTicket: async () => {
      if (!server.online) throw new Problem(0, "offline");
      return `ticket${sockets.length}`;
    },
    token: () => "access",
    refreshToken: async () => {
      server.refreshes += 1;
      return true;
    },
    onRevoked: (name) => server.revoked.push(name),
    isOnline: () => server.online,
  });
  const latest = () => sockets[sockets.length - 1] as FakeSocket;
  const advance = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
  /** Opens the newest socket and responds to its subscription: the missing events, then "subscribed". */
  const accept = async () => {
    await advance();
    const socket = latest();
    socket.open();
    const subscribe = socket.sent.find(({ type }) => type === "subscribe") as { since: { seq: number } };
    for (const missed of history.slice(subscribe.since.seq)) socket.deliver(missed);
    socket.deliver({ type: "subscribed", room: "workflow:w1", epoch: "e1", seq: history.length });
    await advance(20);
    return socket;
  };
  return { server, connection, room, sockets, latest, accept, advance, fetchEvents, fetchBoard, board: () => current };
}
