/** The core of the client: its settings, and requests by their paths in the API. */

import { Credential, type TokenStore, type Tokens } from "./credential.js";
import { CallboardError } from "./errors.js";
import { type CallOptions, refresh, type SendSettings, send } from "./send.js";
import type {
  AnswerOf,
  Filters,
  ItemOf,
  ItemsField,
  ListPath,
  Method,
  OptionsArgument,
  Page,
  PathOf,
} from "./types.js";

/** Milliseconds for one attempt of a request. */
const REQUEST_TIMEOUT_MS = 45_000;
const MAX_ATTEMPTS = 5;

/** The settings of a client. */
export interface ClientOptions {
  /** An API key (`cb_…`), for programs. */
  key?: string | undefined;
  /** The tokens of a person who signed in. They are refreshed when they expire. */
  tokens?: Tokens | undefined;
  /** Keeps the tokens outside of the client. Used if there is no key. */
  store?: TokenStore | undefined;
  /** The agent to act for (`X-Agent-ID`), for a key with the scope `act_for`. Requests only, not `watch`. */
  actFor?: string | undefined;
  /** Whether unknown assignees are refused instead of becoming agents. Defaults to false. */
  strict?: boolean | undefined;
  /** Milliseconds for one attempt of a request. Defaults to 45,000. */
  timeoutMs?: number | undefined;
  /** Attempts of a request that may be repeated. Defaults to 5, with pauses of 150 ms to 5 s, or as `Retry-After` says. */
  maxAttempts?: number | undefined;
  /** Replaces `fetch`, for example to use a proxy. */
  fetch?: typeof fetch | undefined;
}

interface Parts extends CallOptions {
  path?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
}

/** Requests by their paths. `Client` adds a method for each usual one. */
export class Api {
  /** @internal */
  readonly settings: SendSettings;

  /** @internal */
  constructor(settings: SendSettings) {
    this.settings = settings;
  }

  /** The server's address, without a trailing slash. */
  get url(): string {
    return this.settings.url;
  }

  /** The current tokens, if the client has some; to keep them without a `TokenStore`. */
  tokens(): Promise<Tokens | undefined> {
    return this.settings.credential.tokens();
  }

  /**
   * Sends a request to a path of the API. Parameters, body and answer are checked by the compiler.
   *
   * @throws {RefusedError} The server refused it.
   * @throws {UnreachableError} The server cannot be reached, or the responses of all attempts were lost.
   * @throws {UnusableAnswerError} It was carried out, but the answer is not JSON.
   * @throws {AbortedError} `signal` was aborted.
   *
   * @example
   * ```ts
   * const job = await client.request("get", "/api/jobs/{id}", { path: { id: "job-1" } });
   * await client.request("post", "/api/tickets/set-blockers", {
   *   body: { ticket_id: "ticket-2", blocked_by_ticket_ids: ["ticket-1"] },
   *   idempotencyKey: "block-2-by-1",
   * });
   * ```
   */
  async request<M extends Method, P extends PathOf<M>>(
    method: M,
    path: P,
    ...[options]: OptionsArgument<M, P>
  ): Promise<AnswerOf<M, P>> {
    const { path: inPath, query, body, ...call } = (options ?? {}) as Parts;
    const address = fillPath(path, inPath ?? {}) + queryOf(query ?? {});
    // Without a body, a write is an empty object, as the server expects.
    const content = method === "post" && body === undefined ? {} : body;
    return send(this.settings, { ...call, method: method.toUpperCase(), path: address, body: content });
  }

  /**
   * Iterates over all items of a list, page by page. `field` is the field of a page that holds them.
   *
   * @example
   * ```ts
   * for await (const agent of client.list("/api/agents", "agents")) {
   *   console.log(agent.id);
   * }
   * ```
   */
  async *list<P extends ListPath, F extends ItemsField<P>>(
    path: P,
    field: F,
    options: { path?: Record<string, string>; query?: Filters<P> } & CallOptions = {},
  ): AsyncGenerator<ItemOf<P, F>, void, undefined> {
    const { path: inPath, query, ...call } = options;
    const filled = fillPath(path, inPath ?? {});
    let cursor: string | undefined;
    do {
      const address = filled + queryOf({ ...query, cursor });
      const request = { ...call, method: "GET", path: address };
      const page = await send<Page & Record<F, ItemOf<P, F>[]>>(this.settings, request);
      yield* page[field];
      cursor = page.has_more ? (page.next_cursor ?? undefined) : undefined;
    } while (cursor !== undefined);
  }

  /** @internal Refreshes the tokens; `used` is the expired access token. */
  refresh(used: string): Promise<boolean> {
    return refresh(this.settings, used);
  }
}

/** Checks the settings of a client. */
export function settingsOf(url: string, options: ClientOptions): SendSettings {
  const { key, tokens, store, actFor, strict, timeoutMs = REQUEST_TIMEOUT_MS, maxAttempts = MAX_ATTEMPTS } = options;
  const fetcher = options.fetch ?? globalThis.fetch;
  if (key !== undefined && (tokens !== undefined || store !== undefined)) {
    throw new CallboardError("A client has a key or tokens, not both.");
  }
  if (!(timeoutMs > 0)) throw new CallboardError("timeoutMs must be more than 0.");
  if (!(maxAttempts >= 1)) throw new CallboardError("maxAttempts must be 1 or more.");
  return {
    url: addressOf(url),
    credential: new Credential(key, tokens, store),
    fetch: (input, init) => fetcher(input, init),
    timeoutMs,
    maxAttempts,
    headers: {
      ...(actFor === undefined ? {} : { "x-agent-id": actFor }),
      ...(strict ? { prefer: "handling=strict" } : {}),
    },
  };
}

function addressOf(text: string): string {
  const url = text.trim().replace(/\/+$/, "");
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new CallboardError(`${text} is not the address of a server; use one like http://127.0.0.1:8080.`);
  }
  return url;
}

/** Replaces the parameters of a path, percent-encoded. */
export function fillPath(path: string, parameters: Record<string, unknown>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = parameters[name];
    // A path with `.` or `..` in it would become another one.
    if (value === undefined || value === null || /^\.{0,2}$/.test(String(value))) {
      throw new CallboardError(`${path} needs a value for the path parameter ${name}.`);
    }
    return encodeURIComponent(String(value));
  });
}

/** The query of a request. A list becomes one parameter for each item. */
export function queryOf(parameters: Record<string, unknown>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== undefined && item !== null) query.append(name, String(item));
    }
  }
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}
