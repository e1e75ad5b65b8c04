/**
 * The session: the signed-in user and the access token, which is kept in memory only. The refresh token is an HttpOnly
 * cookie. Tabs serialize their refreshes with a Web Lock and share the result over a BroadcastChannel, so many open
 * tabs make one refresh request, and signing out in one tab signs out all of them.
 */
import { Problem, problemFrom, unreachable } from "./problem";
import type { Tokens, User } from "./types";

export type SessionState =
  | { status: "unknown" }
  | { status: "unreachable"; message: string }
  | { status: "signed-out"; reason?: "expired" }
  | { status: "signed-in"; access: string; expiresAt: number; user: User };

type ChannelMessage = { type: "tokens"; access: string; expiresAt: number; user: User } | { type: "signed-out" };

/** The token is refreshed this long before it expires, so that it does not expire during a request. */
const REFRESH_MARGIN_MS = 60_000;
/** A token that expires sooner than this is not sent. */
const MIN_LIFETIME_MS = 3_000;
/** The time a BroadcastChannel message from another tab may take to arrive. */
const CHANNEL_DELAY_MS = 60;

export class Session {
  private state: SessionState = { status: "unknown" };
  private listeners = new Set<() => void>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private inFlight: Promise<SessionState> | null = null;
  private readonly channel: BroadcastChannel | null;
  private readonly beforeSigningOut: Array<() => Promise<void>> = [];

  constructor(
    private readonly fetcher: typeof fetch = (input, init) => fetch(input, init),
    channelName = "callboard.session",
  ) {
    this.channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(channelName);
    this.channel?.addEventListener("message", (message: MessageEvent<ChannelMessage>) =>
      this.onChannelMessage(message.data),
    );
  }

  get = (): SessionState => this.state;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  get access(): string | null {
    return this.state.status === "signed-in" ? this.state.access : null;
  }

  /** A token for one request, refreshed first if it is about to expire. Null when signed out. */
  async token(): Promise<string | null> {
    if (this.state.status !== "signed-in") return null;
    if (this.state.expiresAt - Date.now() > MIN_LIFETIME_MS) return this.state.access;
    await this.refresh();
    return this.access;
  }

  async start(): Promise<SessionState> {
    return this.state.status === "unknown" || this.state.status === "unreachable" ? this.refresh() : this.state;
  }

  signIn(email: string, password: string): Promise<void> {
    return this.authenticate("/api/auth/login", { email, password });
  }

  register(email: string, password: string, name: string, invite?: string): Promise<void> {
    return this.authenticate("/api/auth/register", { email, password, name, ...(invite ? { invite } : {}) });
  }

  setUp(token: string, email: string, password: string, name: string): Promise<void> {
    return this.authenticate("/api/auth/setup", { token, email, password, name });
  }

  /** Chooses a new password with the link of an administrator. */
  resetPassword(token: string, password: string): Promise<void> {
    return this.authenticate("/api/auth/password-reset", { token, password });
  }

  /** Work that has to be done while the user is still signed in. */
  onSigningOut(work: () => Promise<void>): void {
    this.beforeSigningOut.push(work);
  }

  async signOut(): Promise<void> {
    await Promise.all(this.beforeSigningOut.map((work) => work().catch(() => undefined)));
    const headers = this.access ? { authorization: `Bearer ${this.access}` } : undefined;
    await this.fetcher("/api/auth/logout", { method: "POST", headers, credentials: "same-origin" }).catch(() => null);
    this.channel?.postMessage({ type: "signed-out" } satisfies ChannelMessage);
    this.setState({ status: "signed-out" });
  }

  /** Refreshes the token. `rejected` is the token that failed; no request is made if another tab has replaced it. */
  refresh(rejected: string | null = this.access): Promise<SessionState> {
    this.inFlight ??= withRefreshLock(() => this.refreshNow(rejected)).finally(() => {
      this.inFlight = null;
    });
    return this.inFlight;
  }

  private async refreshNow(rejected: string | null): Promise<SessionState> {
    const now = this.state;
    if (now.status === "signed-in" && now.access !== rejected && now.expiresAt - Date.now() > MIN_LIFETIME_MS)
      return now;
    try {
      const tokens = await this.post<Tokens>("/api/auth/token/refresh", {});
      await this.storeTokens(tokens);
    } catch (error) {
      if (error instanceof Problem && (error.status === 401 || error.status === 403 || error.status === 400)) {
        const expired = this.state.status === "signed-in";
        if (expired) this.channel?.postMessage({ type: "signed-out" } satisfies ChannelMessage);
        this.setState(expired ? { status: "signed-out", reason: "expired" } : { status: "signed-out" });
      } else if (this.state.status === "signed-in") {
        this.schedule(5_000);
      } else {
        this.setState({ status: "unreachable", message: error instanceof Error ? error.message : "" });
      }
    }
    return this.state;
  }

  private async authenticate(path: string, body: Record<string, unknown>): Promise<void> {
    await this.storeTokens(await this.post<Tokens>(path, { ...body, token_mode: "cookie" }));
  }

  private async storeTokens(tokens: Tokens): Promise<void> {
    const expiresAt = Date.now() + tokens.expires_in * 1_000;
    const known = this.state.status === "signed-in" ? this.state.user : null;
    const user = tokens.user ?? known ?? (await this.fetchUser(tokens.access));
    this.channel?.postMessage({ type: "tokens", access: tokens.access, expiresAt, user } satisfies ChannelMessage);
    this.setState({ status: "signed-in", access: tokens.access, expiresAt, user });
  }

  private async fetchUser(access: string): Promise<User> {
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

  private onChannelMessage(message: ChannelMessage): void {
    if (message.type === "signed-out") this.setState({ status: "signed-out" });
    else {
      const { access, expiresAt, user } = message;
      this.setState({ status: "signed-in", access, expiresAt, user });
    }
  }

  private setState(next: SessionState): void {
    this.state = next;
    clearTimeout(this.timer);
    if (next.status === "signed-in") {
      const lifetime = next.expiresAt - Date.now();
      // Jitter keeps the tabs from queueing for the lock at the same moment.
      this.schedule(Math.max(1_000, lifetime - Math.min(REFRESH_MARGIN_MS, lifetime / 3) - Math.random() * 5_000));
    }
    for (const listener of this.listeners) listener();
  }

  private schedule(delay: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.refresh(), Math.min(delay, 2_147_483_647));
  }
}

async function withRefreshLock<T>(work: () => Promise<T>): Promise<T> {
  const locks = typeof navigator === "undefined" ? undefined : navigator.locks;
  if (!locks) return work();
  const name = "callboard.refresh";
  const first = await locks.request(name, { ifAvailable: true }, async (lock) =>
    lock ? { done: await work() } : null,
  );
  if (first) return first.done;
  // Another tab is refreshing. Its message must arrive before this tab checks whether a refresh is still needed.
  return locks.request(name, async () => {
    await new Promise((resolve) => setTimeout(resolve, CHANNEL_DELAY_MS));
    return work();
  }) as Promise<T>;
}

export const session = new Session();
