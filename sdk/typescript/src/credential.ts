/** Credentials of a client, and the refresh of expired access tokens. */

/** The tokens of a sign-in. */
export interface Tokens {
  /** The access token, sent with each request; valid for 15 minutes. */
  access: string;
  /** The refresh token, which can be used once. Without it the client cannot refresh. */
  refresh?: string | undefined;
}

/**
 * Keeps tokens outside of the client: over restarts of a program, or for several processes or tabs that share a sign-in.
 *
 * @example
 * ```ts
 * const store: TokenStore = {
 *   load: () => JSON.parse(localStorage.getItem("callboard") ?? "null"),
 *   save: (tokens) => localStorage.setItem("callboard", JSON.stringify(tokens)),
 *   lock: async (work) => navigator.locks.request("callboard", work),
 * };
 * ```
 */
export interface TokenStore {
  /** The stored tokens, or null if there are none. */
  load(): Promise<Tokens | null | undefined> | Tokens | null | undefined;
  /** Stores refreshed tokens, or those of a sign-in. */
  save(tokens: Tokens): Promise<void> | void;
  /** Runs `work` while no other process refreshes. Needed only if several share the store. */
  lock?<T>(work: () => Promise<T>): Promise<T>;
}

/** The credential that all copies of a client share. */
export class Credential {
  private inFlight: Promise<boolean> | undefined;
  private loaded = false;

  constructor(
    private readonly key: string | undefined,
    private current: Tokens | undefined,
    private readonly store: TokenStore | undefined,
  ) {}

  /** The key or the access token, if there is one. */
  async bearer(): Promise<string | undefined> {
    if (this.key !== undefined) return this.key;
    return (await this.tokens())?.access;
  }

  /** The current tokens; at first those of the store. */
  async tokens(): Promise<Tokens | undefined> {
    if (!this.loaded && this.store && this.current === undefined) this.current = (await this.store.load()) ?? undefined;
    this.loaded = true;
    return this.current;
  }

  /**
   * Refreshes the tokens, once for all that ask at the same time, unless that has happened since `used` was read. False if
   * there is nothing to refresh with. `exchange` trades a refresh token for new tokens.
   */
  refresh(used: string, exchange: (refresh: string) => Promise<Tokens>): Promise<boolean> {
    if (this.key !== undefined) return Promise.resolve(false);
    if (this.current !== undefined && this.current.access !== used) return Promise.resolve(true);
    this.inFlight ??= this.refreshNow(used, exchange).finally(() => {
      this.inFlight = undefined;
    });
    return this.inFlight;
  }

  private async refreshNow(used: string, exchange: (refresh: string) => Promise<Tokens>): Promise<boolean> {
    const work = async () => {
      // Another process may have refreshed.
      const stored = await this.store?.load();
      if (stored) this.current = stored;
      const { access, refresh } = this.current ?? {};
      if (access !== undefined && access !== used) return true;
      if (refresh === undefined) return false;
      const tokens = await exchange(refresh);
      this.current = { access: tokens.access, refresh: tokens.refresh };
      await this.store?.save(this.current);
      return true;
    };
    return this.store?.lock ? this.store.lock(work) : work();
  }
}
