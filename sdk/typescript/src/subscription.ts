/** The connection behind a watch: resumes from its cursor, and passes on no number twice. */

import { openSocket } from "#platform";

import { CallboardError, problemFrom, RefusedError } from "./errors.js";
import type { Socket, SocketEnd } from "./platform/socket.js";
import { jitter } from "./random.js";
import type { SendSettings } from "./send.js";
import { sleep, WakeUp } from "./time.js";
import type { Cursor, Event, Update } from "./watch.js";

const PING_INTERVAL_MS = 20_000;
/** A connection without messages for this long counts as lost. */
const READ_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 15_000;
const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 10_000;
/** Refused credentials in a row, each refreshed, after which it is given up. */
const MAX_EXPIRED = 3;

/** What a subscription needs of the client. */
export interface Source {
  readonly settings: SendSettings;
  refresh(used: string): Promise<boolean>;
}

/** What a subscription calls. */
interface Sink {
  update(update: Update): void;
  /** An error that no retry can fix. Nothing is called afterwards. */
  error(error: unknown): void;
}

/** Why a connection ended. */
type End =
  | { why: "reconnect"; live: boolean }
  /** Updates are not taken, and the platform cannot stop reading. */
  | { why: "full" }
  | { why: "expired"; used: string }
  | { why: "fatal"; error: CallboardError };

type Message = Record<string, unknown> & { type?: unknown };

export class Subscription {
  private readonly stopped = new AbortController();
  private readonly drained = new WakeUp();
  private reading = true;
  private connection: Connection | undefined;

  constructor(
    private readonly source: Source,
    private readonly room: string,
    private cursor: Cursor | undefined,
    private readonly sink: Sink,
  ) {}

  start(): void {
    this.run().catch((error) => this.fail(error));
  }

  stop(): void {
    this.stopped.abort();
    this.connection?.finish({ why: "reconnect", live: false });
  }

  /** Stops or continues reading. */
  setReading(reading: boolean): void {
    if (this.reading === reading) return;
    this.reading = reading;
    this.connection?.setReading(reading);
    if (reading) this.drained.notify();
  }

  private fail(error: unknown): void {
    if (!this.stopped.signal.aborted) this.sink.error(error);
  }

  private async run(): Promise<void> {
    const { signal } = this.stopped;
    let backoff = FIRST_BACKOFF_MS;
    let expired = 0;
    while (!signal.aborted) {
      const end = await this.connect();
      if (signal.aborted) return;
      if (end.why === "fatal") return this.fail(end.error);
      if (end.why === "full" || (end.why === "reconnect" && end.live)) {
        backoff = FIRST_BACKOFF_MS;
        expired = 0;
      }
      if (end.why === "full") {
        while (!this.reading && !signal.aborted) await this.drained.wait(READ_TIMEOUT_MS, signal);
        continue;
      }
      if (end.why === "expired") {
        expired++;
        const error = await this.refresh(end.used, expired);
        if (error !== undefined) return this.fail(error);
      }
      await sleep(jitter(backoff), signal);
      backoff = Math.min(backoff * 2, MAX_BACKOFF_MS);
    }
  }

  /** Refreshes the credential; returns an error that no retry can fix. */
  private async refresh(used: string, expired: number): Promise<unknown> {
    try {
      if ((await this.source.refresh(used)) && expired < MAX_EXPIRED) return undefined;
      return refused(401, "unauthenticated", "The credential is no longer valid.");
    } catch (error) {
      return error instanceof CallboardError && error.temporary ? undefined : error;
    }
  }

  private async connect(): Promise<End> {
    const bearer = await this.source.settings.credential.bearer();
    if (bearer === undefined) {
      return { why: "fatal", error: refused(401, "unauthenticated", "A watch needs a key or tokens.") };
    }
    return new Promise((resolve) => {
      const connection = new Connection(this.source, this.room, bearer, (message) => this.handle(message), resolve);
      this.connection = connection;
      connection.open(this.cursor);
      if (this.stopped.signal.aborted) connection.finish({ why: "reconnect", live: false });
      if (!this.reading) connection.setReading(false);
    });
  }

  /** Handles a message; what it returns ends the connection. */
  private handle(message: Message): End | undefined {
    const live = this.connection?.live ?? false;
    const reconnect: End = { why: "reconnect", live };
    switch (message.type) {
      case "snapshot":
      case "resync": {
        const cursor = cursorOf(message);
        if (!cursor) return reconnect;
        const state = message.board ?? message.ticket ?? message.job ?? message.search ?? {};
        const kind = message.type === "resync" || this.cursor !== undefined ? "resync" : "snapshot";
        return this.pass({ kind, cursor, state: state as Record<string, unknown> });
      }
      case "subscribed": {
        if (this.connection) this.connection.live = true;
        const cursor = cursorOf(message);
        return cursor ? this.pass({ kind: "live", cursor }) : { why: "reconnect", live: true };
      }
      case "error":
      case "unsubscribed":
        return refusalOf(message, live);
    }
    if (message.seq === undefined || message.stream === undefined) return undefined;
    if (!isEvent(message)) return reconnect;
    const { epoch, seq, prev } = message;
    if (this.cursor) {
      if (this.cursor.epoch === epoch && seq <= this.cursor.seq) return undefined;
      // There is a gap: the server sends again from the cursor.
      if (this.cursor.epoch !== epoch || prev > this.cursor.seq) return reconnect;
    }
    // A connection that breaks while missed events arrive was of use, so the next one is made soon.
    if (this.connection) this.connection.live = true;
    return this.pass({ kind: "event", cursor: { epoch, seq }, event: message });
  }

  private pass(update: Update): undefined {
    this.cursor = update.cursor;
    this.sink.update(update);
  }
}

/** One connection: signs in, subscribes, and keeps it alive. */
class Connection {
  /** Whether it has brought an event, or everything up to now. */
  live = false;
  private socket: Socket | undefined;
  private timer: ReturnType<typeof setInterval> | undefined;
  private connecting: ReturnType<typeof setTimeout> | undefined;
  private lastMessage = performance.now();
  private reading = true;
  private ended = false;

  constructor(
    private readonly source: Source,
    private readonly room: string,
    private bearer: string,
    private readonly handle: (message: Message) => End | undefined,
    private readonly done: (end: End) => void,
  ) {}

  open(since: Cursor | undefined): void {
    const url = `${this.source.settings.url.replace(/^http/, "ws")}/ws`;
    this.connecting = setTimeout(() => this.lost(), CONNECT_TIMEOUT_MS);
    this.timer = setInterval(() => this.ping(), PING_INTERVAL_MS);
    const socket = openSocket(url, {
      open: () => {
        clearTimeout(this.connecting);
        this.lastMessage = performance.now();
        this.send({ type: "auth", token: this.bearer });
        this.send({ type: "subscribe", room: this.room, ...(since ? { since } : {}) });
      },
      message: (text) => this.receive(text),
      end: (end) => this.finish(this.endOf(end)),
    });
    if (this.ended) socket.close();
    else this.socket = socket;
  }

  setReading(reading: boolean): void {
    this.reading = reading;
    this.lastMessage = performance.now();
    if (this.socket?.setReading) this.socket.setReading(reading);
    else if (!reading) this.finish({ why: "full" });
  }

  finish(end: End): void {
    if (this.ended) return;
    this.ended = true;
    clearInterval(this.timer);
    clearTimeout(this.connecting);
    this.socket?.close();
    this.done(end);
  }

  private lost(): void {
    this.finish({ why: "reconnect", live: this.live });
  }

  private send(message: Message): void {
    this.socket?.send(JSON.stringify(message));
  }

  private ping(): void {
    if (this.reading && performance.now() - this.lastMessage > READ_TIMEOUT_MS) this.lost();
    else this.send({ type: "ping" });
  }

  private receive(text: string): void {
    if (this.ended) return;
    this.lastMessage = performance.now();
    const message = parse(text);
    if (message?.type === "reauthenticate") {
      void this.reauthenticate();
      return;
    }
    const end = message ? this.handle(message) : ({ why: "reconnect", live: this.live } as const);
    if (end) this.finish(end);
  }

  /** Sends a new access token before the old one expires. If that fails, the server closes the socket with 4001. */
  private async reauthenticate(): Promise<void> {
    const { credential } = this.source.settings;
    const bearer = await this.source.refresh(this.bearer).then(
      (refreshed) => (refreshed ? credential.bearer() : undefined),
      () => undefined,
    );
    if (bearer === undefined || this.ended) return;
    this.bearer = bearer;
    this.send({ type: "auth", token: bearer });
  }

  private endOf({ code, status }: SocketEnd): End {
    if (code === 4001 || status === 401) return { why: "expired", used: this.bearer };
    if (code === 4003) return { why: "fatal", error: refused(403, "forbidden", "Access to the room was revoked.") };
    if (status === undefined || status === 429 || status >= 500) return { why: "reconnect", live: this.live };
    const detail = `The server responded with ${status} to the WebSocket request.`;
    return { why: "fatal", error: refused(status, "refused", detail) };
  }
}

function parse(text: string): Message | undefined {
  try {
    const message: unknown = JSON.parse(text);
    return typeof message === "object" && message !== null ? (message as Message) : undefined;
  } catch {
    return undefined;
  }
}

function cursorOf({ epoch, seq }: Message): Cursor | undefined {
  return typeof epoch === "string" && typeof seq === "number" ? { epoch, seq } : undefined;
}

function isEvent(message: Message): message is Message & Event {
  const { epoch, seq, prev, type } = message;
  return typeof type === "string" && typeof epoch === "string" && typeof seq === "number" && typeof prev === "number";
}

function refusalOf(message: Message, live: boolean): End {
  const code = String(message.code ?? message.reason ?? "refused");
  if (["too_many_requests", "busy", "unavailable"].includes(code)) return { why: "reconnect", live };
  const status = { not_found: 404, unauthenticated: 401 }[code] ?? 403;
  const detail = typeof message.detail === "string" ? message.detail : "Access to the room was revoked.";
  return { why: "fatal", error: refused(status, code, detail) };
}

function refused(status: number, code: string, detail: string): RefusedError {
  return new RefusedError({ ...problemFrom(status, ""), code, detail });
}
