/**
 * The tab's socket. It connects, authenticates, subscribes each room from its cursor, and reconnects with backoff.
 * While no socket can be opened, for example behind a proxy that blocks WebSockets, the rooms are polled instead.
 */
import type { Room, RoomRegistry } from "../streams/room";
import { backoff } from "./backoff";
import { Poller } from "./poller";
import { CLOSE, type ClientMessage, parse, type ServerMessage } from "./protocol";

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
  fetchTicket(): Promise<string>;
  token(): string | null;
  /** Refreshes the access token; false when the session has ended. */
  refreshToken(): Promise<boolean>;
  /** The server closed a room: the membership was removed or the workflow deleted. */
  onRevoked(room: string, reason: string): void;
  isOnline(): boolean;
}

const OPEN = 1;
const HANDSHAKE_TIMEOUT_MS = 10_000;
const PONG_TIMEOUT_MS = 4_000;
const HEARTBEAT_INTERVAL_MS = 25_000;
const POLL_AFTER_FAILURES = 2;

type Timer = ReturnType<typeof setTimeout>;

export class Connection implements RoomRegistry {
  private status: LiveStatus = "idle";
  private readonly rooms = new Map<string, Room>();
  private readonly subscribed = new Set<string>();
  private readonly listeners = new Set<() => void>();
  private socket: SocketLike | null = null;
  private connecting = false;
  private failures = 0;
  private wasLive = false;
  /** The last moment at which every room was known to be caught up, in milliseconds. */
  wholeAt: number | null = null;
  private retryTimer: Timer | undefined;
  private handshakeTimer: Timer | undefined;
  private pongTimer: Timer | undefined;
  private heartbeatTimer: Timer | undefined;
  private readonly poller: Poller;

  constructor(private readonly deps: ConnectionDeps) {
    this.poller = new Poller({
      rooms: () => this.rooms.values(),
      onPolled: (reachable) => this.setStatus(reachable ? "polling" : "offline"),
      onRevoked: (room, reason) => this.revoke(room, reason),
    });
  }

  get = (): LiveStatus => this.status;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  join(room: Room): void {
    this.rooms.set(room.name, room);
    if (this.socket?.readyState === OPEN) this.sendSubscribe(room);
    else void this.connect();
  }

  leave(room: Room): void {
    if (this.rooms.get(room.name) !== room) return;
    this.rooms.delete(room.name);
    this.subscribed.delete(room.name);
    this.send({ type: "unsubscribe", room: room.name });
    if (this.rooms.size === 0) this.stop();
    else this.updateLive();
  }

  stop(): void {
    for (const timer of [this.retryTimer, this.handshakeTimer, this.pongTimer, this.heartbeatTimer]) {
      clearTimeout(timer);
    }
    this.poller.stop();
    this.retryTimer = undefined;
    this.closeSocket(1000);
    this.failures = 0;
    this.wasLive = false;
    this.setStatus("idle");
  }

  /** Sends the new access token over the open socket instead of reconnecting. */
  reauthenticate(): void {
    const token = this.deps.token();
    if (token) this.send({ type: "auth", token });
  }

  /** Checks the connection after the page or the network resumed. An open socket may be dead, so it is pinged. */
  resume(): void {
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

  /** Fetches missing events for every room, for when the socket may have lost some without closing. */
  catchUp(): void {
    for (const room of this.rooms.values()) void room.catchUp().catch(() => undefined);
  }

  private async connect(): Promise<void> {
    if (this.socket || this.connecting || this.rooms.size === 0) return;
    this.connecting = true;
    clearTimeout(this.retryTimer);
    this.retryTimer = undefined;
    if (this.status !== "polling" && this.status !== "offline") {
      this.setStatus(this.wasLive ? "reconnecting" : "connecting");
    }
    try {
      const ticket = await this.deps.fetchTicket();
      if (this.rooms.size === 0) return;
      this.attach(this.deps.open(["callboard.v1", `callboard.ticket.${ticket}`]));
    } catch {
      this.scheduleReconnect();
    } finally {
      this.connecting = false;
    }
  }

  private attach(socket: SocketLike): void {
    this.socket = socket;
    this.handshakeTimer = setTimeout(() => this.abandon(socket), HANDSHAKE_TIMEOUT_MS);
    socket.onopen = () => {
      for (const room of this.rooms.values()) this.sendSubscribe(room);
      this.scheduleHeartbeat();
    };
    socket.onmessage = ({ data }) => {
      if (this.socket !== socket) return;
      clearTimeout(this.pongTimer);
      this.pongTimer = undefined;
      if (this.status === "live") this.wholeAt = Date.now();
      const parsed = parse(data);
      if (!parsed) return;
      if ("event" in parsed) this.rooms.get(parsed.event.stream)?.receive([parsed.event]);
      else this.handleMessage(parsed.message);
    };
    socket.onclose = ({ code }) => {
      if (this.socket !== socket) return;
      this.clearSocket();
      void this.onClose(code);
    };
    socket.onerror = () => {};
  }

  private handleMessage(message: ServerMessage): void {
    switch (message.type) {
      case "snapshot":
      case "resync":
        this.rooms.get(message.room)?.restart(message);
        break;
      case "subscribed":
        this.subscribed.add(message.room);
        this.updateLive();
        break;
      case "unsubscribed":
        // "asked" confirms an unsubscribe sent from here; the room may have been joined again since.
        if (this.rooms.has(message.room) && message.reason !== "asked") this.revoke(message.room, message.reason ?? "");
        break;
      case "reauthenticate":
        void this.deps.refreshToken().then((signedIn) => signedIn && this.reauthenticate());
        break;
      case "error":
        if (message.room && this.rooms.has(message.room)) this.revoke(message.room, message.detail ?? "");
        break;
    }
  }

  private revoke(name: string, reason: string): void {
    this.rooms.delete(name);
    this.subscribed.delete(name);
    this.deps.onRevoked(name, reason);
    // The connection is live once the remaining rooms are subscribed.
    if (this.rooms.size === 0) this.stop();
    else this.updateLive();
  }

  /** The connection is live when the server has confirmed every room as caught up. */
  private updateLive(): void {
    if (this.socket?.readyState !== OPEN) return;
    for (const name of this.rooms.keys()) if (!this.subscribed.has(name)) return;
    clearTimeout(this.handshakeTimer);
    this.poller.stop();
    this.failures = 0;
    this.wasLive = true;
    this.setStatus("live");
  }

  private async onClose(code: number): Promise<void> {
    if (this.rooms.size === 0) return this.setStatus("idle");
    if (code === CLOSE.unauthenticated && !(await this.deps.refreshToken())) return this.stop();
    if (code === CLOSE.tooSlow && this.failures === 0) {
      this.failures = 1;
      void this.connect();
      return;
    }
    this.scheduleReconnect();
  }

  private scheduleReconnect(): void {
    this.failures += 1;
    if (this.failures >= POLL_AFTER_FAILURES || !this.deps.isOnline()) this.startPolling();
    else this.setStatus(this.wasLive ? "reconnecting" : "connecting");
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => void this.connect(), backoff(this.failures));
  }

  private startPolling(): void {
    // The first poll decides between "polling" and "offline".
    if (this.status !== "polling" && this.status !== "offline") {
      this.setStatus(this.deps.isOnline() ? "reconnecting" : "offline");
    }
    this.poller.start();
  }

  private ping(): void {
    const socket = this.socket;
    if (socket?.readyState !== OPEN || this.pongTimer) return;
    this.send({ type: "ping" });
    this.pongTimer = setTimeout(() => {
      this.pongTimer = undefined;
      this.abandon(socket);
    }, PONG_TIMEOUT_MS);
  }

  private scheduleHeartbeat(): void {
    clearTimeout(this.heartbeatTimer);
    this.heartbeatTimer = setTimeout(() => {
      this.ping();
      this.scheduleHeartbeat();
    }, HEARTBEAT_INTERVAL_MS);
  }

  /** Drops a socket that does not respond, without waiting for its close event. */
  private abandon(socket: SocketLike): void {
    if (this.socket !== socket) return;
    this.closeSocket();
    this.scheduleReconnect();
  }

  private closeSocket(code?: number): void {
    const socket = this.socket;
    this.clearSocket();
    try {
      socket?.close(code);
    } catch {
      // Already closing.
    }
  }

  private clearSocket(): void {
    this.socket = null;
    this.subscribed.clear();
    clearTimeout(this.handshakeTimer);
    clearTimeout(this.pongTimer);
    clearTimeout(this.heartbeatTimer);
    this.pongTimer = undefined;
  }

  private sendSubscribe(room: Room): void {
    this.send({ type: "subscribe", room: room.name, since: room.cursor ?? undefined });
  }

  private send(message: ClientMessage): void {
    if (this.socket?.readyState === OPEN) this.socket.send(JSON.stringify(message));
  }

  private setStatus(status: LiveStatus): void {
    if (status === "live" || status === "polling") this.wholeAt = Date.now();
    if (this.status === status) return;
    this.status = status;
    for (const listener of this.listeners) listener();
  }
}
