/**
 * Who is signed in, and the access token, which lives in memory only. The refresh token is an HttpOnly cookie that no
 * script can read. Tabs take turns refreshing (a lock) and hand the result to each other (a channel), so that a
 * hundred tabs make one refresh, and signing out of one signs out of all.
 */
import { Problem, problemFrom, unreachable } from "./problem";
import type { Tokens, User } from "./types";

export type SessionState =
  | { status: "unknown" }
  | { status: "unreachable"; message: string }
  | { status: "signed-out"; reason?: "expired" }
  | { status: "signed-in"; access: string; expiresAt: number; user: User };

type Shared = { type: "tokens"; access: string; expiresAt: number; user: User } | { type: "signed-out" };

/** Renewed this long before it ends, so that no request is ever sent with a token that dies on the way. */
const MARGIN_MS = 60_000;
/** A token with less life than this is not sent any more. */
const USABLE_MS = 3_000;
/** How long the news of another tab's renewal may be on its way. */
const NEWS_MS = 60;

export class Session {
  private state: SessionState = { status: "unknown" };
  private listeners = new Set<() => void>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private inFlight: Promise<SessionState> | null = null;
  private readonly channel: BroadcastChannel | null;

  constructor(
    private readonly fetcher: typeof fetch = (input, init) => fetch(input, init),
    channelName = "callboard.session",
  ) {
    this.channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(channelName);
    this.channel?.addEventListener("message", (message: MessageEvent<Shared>) => this.hear(message.data));
  }

  get = (): SessionState => this.state;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  get access(): string | null {
    return this.state.status === "signed-in" ? this.state.access : null;
  }

  /** A token that will live through the request, renewing it first if it is about to end. */
  async token(): Promise<string | null> {
    if (this.state.status !== "signed-in") return null;
    if (this.state.expiresAt - Date.now() > USABLE_MS) return this.state.access;
    await this.refresh();
    return this.access;
  }

  async start(): Promise<SessionState> {
    return this.state.status === "unknown" || this.state.status === "unreachable" ? this.refresh() : this.state;
  }

  signIn(email: string, password: string): Promise<void> {
    return this.enter("/api/auth/login", { email, password });
  }

  register(email: string, password: string, name: string, invite?: string): Promise<void> {
    return this.enter("/api/auth/register", { email, password, name, ...(invite ? { invite } : {}) });
  }

  setUp(token: string, email: string, password: string, name: string): Promise<void> {
    return this.enter("/api/auth/setup", { token, email, password, name });
  }

  async signOut(): Promise<void> {
    const headers = this.access ? { authorization: `Bearer ${this.access}` } : undefined;
    await this.fetcher("/api/auth/logout", { method: "POST", headers, credentials: "same-origin" }).catch(() => null);
    this.channel?.postMessage({ type: "signed-out" } satisfies Shared);
    this.become({ status: "signed-out" });
  }

  /** Renews the token. `seen` is the token that was refused: if another tab has renewed it since, nothing is sent. */
  refresh(seen: string | null = this.access): Promise<SessionState> {
    this.inFlight ??= withLock(() => this.renew(seen)).finally(() => {
      this.inFlight = null;
    });
    return this.inFlight;
  }

  private async renew(seen: string | null): Promise<SessionState> {
    const now = this.state;
    if (now.status === "signed-in" && now.access !== seen && now.expiresAt - Date.now() > USABLE_MS) return now;
    try {
      const tokens = await this.post<Tokens>("/api/auth/token/refresh", {});
      await this.adopt(tokens);
    } catch (error) {
      if (error instanceof Problem && (error.status === 401 || error.status === 403 || error.status === 400)) {
        const expired = this.state.status === "signed-in";
        if (expired) this.channel?.postMessage({ type: "signed-out" } satisfies Shared);
        this.become(expired ? { status: "signed-out", reason: "expired" } : { status: "signed-out" });
      } else if (this.state.status === "signed-in") {
        this.schedule(5_000);
      } else {
        this.become({ status: "unreachable", message: error instanceof Error ? error.message : "" });
      }
    }
    return this.state;
  }

  private async enter(path: string, body: Record<string, unknown>): Promise<void> {
    await this.adopt(await this.post<Tokens>(path, { ...body, token_mode: "cookie" }));
  }

  private async adopt(tokens: Tokens): Promise<void> {
    const expiresAt = Date.now() + tokens.expires_in * 1_000;
    const known = this.state.status === "signed-in" ? this.state.user : null;
    const user = tokens.user ?? known ?? (await this.whoAmI(tokens.access));
    this.channel?.postMessage({ type: "tokens", access: tokens.access, expiresAt, user } satisfies Shared);
    this.become({ status: "signed-in", access: tokens.access, expiresAt, user });
  }

  private async whoAmI(access: string): Promise<User> {
    const response = await this.send("/api/auth/me", { headers: { authorization: `Bearer ${access}` } });
    return ((await response.json()) as { user: User }).user;
  }

  private async post<T>(path: string, body: unknown): Promise<T> {
    const response = await this.send(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return (await response.json()) as T;
  }

  private async send(path: string, init: RequestInit): Promise<Response> {
    const response = await this.fetcher(path, { ...init, credentials: "same-origin" }).catch(() => {
      throw unreachable();
    });
    if (!response.ok) throw await problemFrom(response);
    return response;
  }

  private hear(shared: Shared): void {
    if (shared.type === "signed-out") this.become({ status: "signed-out" });
    else this.become({ status: "signed-in", access: shared.access, expiresAt: shared.expiresAt, user: shared.user });
  }

  private become(next: SessionState): void {
    this.state = next;
    clearTimeout(this.timer);
    if (next.status === "signed-in") {
      const life = next.expiresAt - Date.now();
      // Tabs spread out a little, so that one finds the other's work done instead of queueing behind it.
      this.schedule(Math.max(1_000, life - Math.min(MARGIN_MS, life / 3) - Math.random() * 5_000));
    }
    for (const listener of this.listeners) listener();
  }

  private schedule(delay: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.refresh(), Math.min(delay, 2_147_483_647));
  }
}

async function withLock<T>(work: () => Promise<T>): Promise<T> {
  const locks = typeof navigator === "undefined" ? undefined : navigator.locks;
  if (!locks) return work();
  const name = "callboard.refresh";
  const first = await locks.request(name, { ifAvailable: true }, async (lock) =>
    lock ? { done: await work() } : null,
  );
  if (first) return first.done;
  // Another tab is at it. Once it is through, its news has to arrive before the work can be found done.
  return locks.request(name, async () => {
    await new Promise((resolve) => setTimeout(resolve, NEWS_MS));
    return work();
  }) as Promise<T>;
}

export const session = new Session();
