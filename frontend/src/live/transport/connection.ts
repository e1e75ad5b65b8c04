/**
 * The tab's one socket: connect → authenticate → subscribe from where each room stands → live; and when that breaks,
 * back again. While no socket can be had, rooms poll, so the board still moves behind a proxy that refuses sockets.
 */
import type { LiveRoom } from "../streams/board-room";
import { Poller } from "./poller";
import { backoff, CLOSE, type ClientMessage, parse, type ServerMessage } from "./protocol";

export type LiveStatus = "idle" | "connecting" | "live" | "reconnecting" | "polling" | "offline";

export interface SocketLike {
  readyState: number;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  onerror: (() => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

export interface ConnectionDeps {
  open(protocols: string[]): SocketLike;
  /** A single-use ticket for the handshake. */
  ticket(): Promise<string>;
  token(): string | null;
  /** Renews the access token; false when the session is over. */
  renew(): Promise<boolean>;
  /** A room ended from the server's side: membership removed, workflow gone. */
  lost(room: string, reason: string): void;
  online(): boolean;
}

const OPEN = 1;
const HANDSHAKE_MS = 10_000;
const PONG_MS = 4_000;
const HEARTBEAT_MS = 25_000;
const POLL_AFTER_FAILURES = 2;

type Timer = ReturnType<typeof setTimeout>;

export class Connection {
  private status: LiveStatus = "idle";
  private readonly rooms = new Map<string, LiveRoom>();
  private readonly subscribed = new Set<string>();
  private readonly listeners = new Set<() => void>();
  private socket: SocketLike | null = null;
  private connecting = false;
  private failures = 0;
  private wasLive = false;
  private retryTimer: Timer | undefined;
  private handshakeTimer: Timer | undefined;
  private pongTimer: Timer | undefined;
  private heartbeat: Timer | undefined;
  private readonly poller: Poller;

  constructor(private readonly deps: ConnectionDeps) {
    this.poller = new Poller({
      rooms: () => this.rooms.values(),
      answered: (yes) => this.become(yes ? "polling" : "offline"),
      lose: (room, reason) => this.lose(room, reason),
    });
  }

  get = (): LiveStatus => this.status;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  join(room: LiveRoom): void {
    this.rooms.set(room.name, room);
    if (this.socket?.readyState === OPEN) this.sendSubscribe(room);
    else void this.connect();
  }

  leave(room: LiveRoom): void {
    if (this.rooms.get(room.name) !== room) return;
    this.rooms.delete(room.name);
    this.subscribed.delete(room.name);
    this.send({ type: "unsubscribe", room: room.name });
    if (this.rooms.size === 0) this.stop();
    else this.settle();
  }

  stop(): void {
    for (const timer of [this.retryTimer, this.handshakeTimer, this.pongTimer, this.heartbeat]) {
      clearTimeout(timer);
    }
    this.poller.stop();
    this.retryTimer = undefined;
    this.drop(1000);
    this.failures = 0;
    this.wasLive = false;
    this.become("idle");
  }

  /** The access token changed: the open socket is told, instead of being closed and opened again. */
  reauthenticate(): void {
    const token = this.deps.token();
    if (token) this.send({ type: "auth", token });
  }

  /** The tab came back, or the network did. A socket that looks open may have died in its sleep, so it is asked. */
  wake(): void {
    if (this.rooms.size === 0) return;
    if (this.socket?.readyState === OPEN) {
      this.ping();
      return;
    }
    if (this.socket || this.connecting) return;
    this.failures = 0;
    clearTimeout(this.retryTimer);
    void this.connect();
  }

  /** After a long sleep, asks the server whether anything is missing, even where the socket seems to have lived on. */
  validate(): void {
    for (const room of this.rooms.values()) void room.catchUp().catch(() => undefined);
  }

  private async connect(): Promise<void> {
    if (this.socket || this.connecting || this.rooms.size === 0) return;
    this.connecting = true;
    clearTimeout(this.retryTimer);
    this.retryTimer = undefined;
    if (this.status !== "polling" && this.status !== "offline") {
      this.become(this.wasLive ? "reconnecting" : "connecting");
    }
    try {
      const ticket = await this.deps.ticket();
      if (this.rooms.size === 0) return;
      this.attach(this.deps.open(["callboard.v1", `callboard.ticket.${ticket}`]));
    } catch {
      this.failed();
    } finally {
      this.connecting = false;
    }
  }

  private attach(socket: SocketLike): void {
    this.socket = socket;
    this.handshakeTimer = setTimeout(() => this.fail(socket), HANDSHAKE_MS);
    socket.onopen = () => {
      for (const room of this.rooms.values()) this.sendSubscribe(room);
      this.beat();
    };
    socket.onmessage = ({ data }) => {
      if (this.socket !== socket) return;
      clearTimeout(this.pongTimer);
      this.pongTimer = undefined;
      const parsed = parse(data);
      if (!parsed) return;
      if ("event" in parsed) this.rooms.get(parsed.event.stream)?.offer([parsed.event]);
      else this.hear(parsed.message);
    };
    socket.onclose = ({ code }) => {
      if (this.socket !== socket) return;
      this.forget();
      void this.closed(code);
    };
    socket.onerror = () => {};
  }

  private hear(message: ServerMessage): void {
    switch (message.type) {
      case "snapshot":
      case "resync":
        this.rooms.get(message.room)?.restart(message);
        break;
      case "subscribed":
        this.subscribed.add(message.room);
        this.settle();
        break;
      case "unsubscribed":
        // "asked" answers our own leaving; the room may have been joined again since.
        if (this.rooms.has(message.room) && message.reason !== "asked") this.lose(message.room, message.reason ?? "");
        break;
      case "reauthenticate":
        void this.deps.renew().then((alive) => alive && this.reauthenticate());
        break;
      case "error":
        if (message.room && this.rooms.has(message.room)) this.lose(message.room, message.detail ?? "");
        break;
    }
  }

  private lose(name: string, reason: string): void {
    this.rooms.delete(name);
    this.subscribed.delete(name);
    this.deps.lost(name, reason);
    // The others may have waited for nothing but this one.
    if (this.rooms.size === 0) this.stop();
    else this.settle();
  }

  /** Live means every room has been told it is caught up. */
  private settle(): void {
    if (this.socket?.readyState !== OPEN) return;
    for (const name of this.rooms.keys()) if (!this.subscribed.has(name)) return;
    clearTimeout(this.handshakeTimer);
    this.poller.stop();
    this.failures = 0;
    this.wasLive = true;
    this.become("live");
  }

  private async closed(code: number): Promise<void> {
    if (this.rooms.size === 0) return this.become("idle");
    if (code === CLOSE.unauthenticated && !(await this.deps.renew())) return this.stop();
    if (code === CLOSE.tooSlow && this.failures === 0) {
      this.failures = 1;
      void this.connect();
      return;
    }
    this.failed();
  }

  private failed(): void {
    this.failures += 1;
    if (this.failures >= POLL_AFTER_FAILURES || !this.deps.online()) this.startPolling();
    else this.become(this.wasLive ? "reconnecting" : "connecting");
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => void this.connect(), backoff(this.failures));
  }

  private startPolling(): void {
    // Which of "polling" and "offline" it is, the first answer tells.
    if (this.status !== "polling" && this.status !== "offline") {
      this.become(this.deps.online() ? "reconnecting" : "offline");
    }
    this.poller.start();
  }

  private ping(): void {
    const socket = this.socket;
    if (socket?.readyState !== OPEN || this.pongTimer) return;
    this.send({ type: "ping" });
    this.pongTimer = setTimeout(() => {
      this.pongTimer = undefined;
      this.fail(socket);
    }, PONG_MS);
  }

  private beat(): void {
    clearTimeout(this.heartbeat);
    this.heartbeat = setTimeout(() => {
      this.ping();
      this.beat();
    }, HEARTBEAT_MS);
  }

  /** A socket that does not answer is left behind without waiting for it to notice. */
  private fail(socket: SocketLike): void {
    if (this.socket !== socket) return;
    this.drop();
    this.failed();
  }

  private drop(code?: number): void {
    const socket = this.socket;
    this.forget();
    try {
      socket?.close(code);
    } catch {
      // Already closing.
    }
  }

  private forget(): void {
    this.socket = null;
    this.subscribed.clear();
    clearTimeout(this.handshakeTimer);
    clearTimeout(this.pongTimer);
    clearTimeout(this.heartbeat);
    this.pongTimer = undefined;
  }

  private sendSubscribe(room: LiveRoom): void {
    this.send({ type: "subscribe", room: room.name, since: room.cursor ?? undefined });
  }

  private send(message: ClientMessage): void {
    if (this.socket?.readyState === OPEN) this.socket.send(JSON.stringify(message));
  }

  private become(status: LiveStatus): void {
    if (this.status === status) return;
    this.status = status;
    for (const listener of this.listeners) listener();
  }
}
