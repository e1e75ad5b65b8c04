/** Sends requests: repetition with backoff, refresh of tokens, and problem documents as errors. */

import type { Credential, Tokens } from "./credential.js";
import {
  AbortedError,
  CallboardError,
  type Outcome,
  problemFrom,
  RefusedError,
  UnreachableError,
  UnusableAnswerError,
} from "./errors.js";
import { jitter, randomId } from "./random.js";
import { onAbort, sleep } from "./time.js";

/** Upper limit of a server's `Retry-After`. */
const MAX_RETRY_DELAY_MS = 20_000;
const FIRST_BACKOFF_MS = 150;
const MAX_BACKOFF_MS = 5_000;

/** How one request is sent. */
export interface CallOptions {
  /**
   * The idempotency key of a write, 1 to 255 visible ASCII characters. Defaults to a new one for each call. Choose it to repeat
   * a write whose outcome is unknown, also after a restart of the program: the server carries it out once.
   */
  idempotencyKey?: string | undefined;
  /** Ends the request and its repetitions. */
  signal?: AbortSignal | undefined;
  /** Milliseconds for each attempt. Defaults to the client's. */
  timeoutMs?: number | undefined;
}

/** A request. */
export interface Outgoing extends CallOptions {
  method: string;
  /** The path with its query. */
  path: string;
  body?: unknown;
  headers?: Record<string, string> | undefined;
}

/** What all requests of a client share. */
export interface SendSettings {
  url: string;
  credential: Credential;
  fetch: typeof fetch;
  timeoutMs: number;
  maxAttempts: number;
  headers: Record<string, string>;
}

/** How a request is repeated when it is unknown whether it was carried out. */
type Repeat = "freely" | "with_key" | "never";

const FREELY = /^\/api\/jobs\/[^/]+\/heartbeat$|^\/api\/auth\/logout$/;
/** The server knows no key for these. */
const NEVER =
  /^\/api\/auth\/(login|register|setup|password|token\/refresh)$|^\/api\/webhooks\/[^/]+\/(test|dead-letters\/[^/]+\/replay)$/;

/** A second heartbeat changes nothing more, and its answer is newer; a session ends once. */
export function repeatOf(method: string, path: string): Repeat {
  const route = path.split("?")[0] ?? path;
  if (method === "GET" || FREELY.test(route)) return "freely";
  return NEVER.test(route) ? "never" : "with_key";
}

/** A failed attempt. */
interface Failure {
  error: CallboardError;
  retryAfterMs?: number | undefined;
  /** Whether another attempt may succeed. */
  temporary: boolean;
}

/** An answer: its JSON, or its text if it is no JSON. */
export interface Answer {
  value: unknown;
}

/** Sends a request and returns its answer. Repeats it while that may help and cannot do it twice. */
export async function send<T>(settings: SendSettings, request: Outgoing): Promise<T> {
  const repeat = repeatOf(request.method, request.path);
  const key = repeat === "with_key" ? (request.idempotencyKey ?? randomId()) : undefined;
  const reads = request.method === "GET";
  let backoff = FIRST_BACKOFF_MS;
  let unknown = false;
  for (let count = 1; ; count++) {
    if (request.signal?.aborted) throw new AbortedError(unknown ? "unknown" : "not_done", request.signal.reason);
    const result = await attempt(settings, request, key);
    if ("value" in result) return result.value as T;
    const { error } = result;
    const lost = error.outcome !== "not_done";
    unknown ||= lost && !reads;
    if (!result.temporary || count >= settings.maxAttempts || (lost && repeat === "never")) {
      // That a later attempt certainly did nothing says nothing of an earlier one, unless it was answered.
      if (unknown && result.temporary && !lost) throw outcomeUnknown(settings.url, error);
      throw unknown && error instanceof AbortedError ? new AbortedError("unknown", error.cause) : error;
    }
    const wait = result.retryAfterMs ?? jitter(backoff);
    await sleep(Math.min(wait, MAX_RETRY_DELAY_MS), request.signal);
    backoff = Math.min(backoff * 2, MAX_BACKOFF_MS);
  }
}

/** Sends a request once, or twice if its access token has expired. */
async function attempt(settings: SendSettings, request: Outgoing, key: string | undefined): Promise<Answer | Failure> {
  for (let refreshed = false; ; refreshed = true) {
    const bearer = await settings.credential.bearer();
    const result = await exchange(settings, request, key, bearer);
    const refused = "error" in result && result.error instanceof RefusedError && result.error.status === 401;
    if (!refused || refreshed || bearer === undefined) return result;
    try {
      if (!(await refresh(settings, bearer))) return result;
    } catch (error) {
      if (!(error instanceof CallboardError)) throw error;
      // A refresh may be repeated within ten seconds, and the request itself was refused.
      return { error, temporary: error instanceof UnreachableError || isTemporaryStatus(error) };
    }
  }
}

async function exchange(
  settings: SendSettings,
  request: Outgoing,
  key: string | undefined,
  bearer: string | undefined,
): Promise<Answer | Failure> {
  const headers: Record<string, string> = { accept: "application/json", ...settings.headers, ...request.headers };
  if (bearer !== undefined) headers.authorization = `Bearer ${bearer}`;
  if (key !== undefined) headers["idempotency-key"] = key;
  if (request.body !== undefined) headers["content-type"] = "application/json";
  const body = request.body === undefined ? null : JSON.stringify(request.body);
  const limit = new TimeLimit(request.timeoutMs ?? settings.timeoutMs, request.signal);
  let answered = false;
  try {
    const options = { method: request.method, headers, body, signal: limit.signal };
    // A redirected POST would be sent again as a GET.
    const response = await limit.race(
      settings.fetch(settings.url + request.path, { ...options, redirect: "manual", credentials: "omit" }),
    );
    answered = response.ok;
    if (response.ok) {
      return parse(response, await limit.race(response.text()));
    }
    // The status says enough if the body is lost.
    const error = new RefusedError(refusal(response, await limit.race(response.text()).catch(() => "")));
    return { error, retryAfterMs: retryAfter(response), temporary: isTemporaryStatus(error) };
  } catch (error) {
    if (request.signal?.aborted) {
      const outcome = request.method === "GET" || isNeverSent(error) ? "not_done" : answered ? "done" : "unknown";
      return { error: new AbortedError(outcome, request.signal.reason), temporary: false };
    }
    const outcome: Outcome = answered
      ? "done"
      : request.method === "GET" || isNeverSent(error)
        ? "not_done"
        : "unknown";
    const why = limit.expired ? `no response within ${limit.ms} ms` : reasonOf(error);
    return { error: new UnreachableError(settings.url, why, outcome, { cause: error }), temporary: true };
  } finally {
    limit.end();
  }
}

/**
 * Parses an answer. JSON that ends early is a lost connection like any other: fetch does not notice one that is cut in the
 * middle of a compressed body.
 */
function parse(response: Response, text: string): Answer | Failure {
  const type = response.headers.get("content-type");
  if (type === null && text === "") return { value: null };
  if (type !== null && !type.includes("json")) return { value: text };
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { error: new UnusableAnswerError(reasonOf(error), { cause: error }), temporary: true };
  }
}

function refusal(response: Response, text: string) {
  if (response.type !== "opaqueredirect" && (response.status < 300 || response.status > 399)) {
    return problemFrom(response.status, text);
  }
  const problem = problemFrom(response.status || 302, "");
  const location = response.headers.get("location");
  return { ...problem, detail: `The address is redirected${location ? ` to ${location}` : ""}; use the new one.` };
}

/** Refreshes the tokens; `used` is the expired access token. */
export function refresh(settings: SendSettings, used: string): Promise<boolean> {
  return settings.credential.refresh(used, async (token) => {
    const request = { method: "POST", path: "/api/auth/token/refresh", body: { refresh: token } };
    const result = await exchange(settings, request, undefined, undefined);
    if ("value" in result) return result.value as Tokens;
    if (result.error instanceof RefusedError) throw result.error;
    throw new UnreachableError(settings.url, "the access token could not be refreshed", "not_done", {
      cause: result.error,
    });
  });
}

function isTemporaryStatus(error: CallboardError): boolean {
  return error instanceof RefusedError && [429, 502, 503, 504].includes(error.status);
}

function outcomeUnknown(url: string, error: CallboardError): UnreachableError {
  return new UnreachableError(url, error.message.replace(/\.+$/, ""), "unknown", { cause: error });
}

function retryAfter(response: Response): number | undefined {
  const header = response.headers.get("retry-after")?.trim() ?? "";
  const seconds = header === "" ? Number.NaN : Number(header);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined;
}

/** Codes of Node for connections that were never made. */
const NEVER_SENT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** Whether a failure of fetch says that the request did not leave this machine. Browsers do not say. */
export function isNeverSent(error: unknown): boolean {
  const { code, cause, errors } = (error ?? {}) as { code?: unknown; cause?: unknown; errors?: unknown };
  if (typeof code === "string" && NEVER_SENT.has(code)) return true;
  if (Array.isArray(errors) && errors.length > 0) return errors.every(isNeverSent);
  return cause !== undefined && cause !== error && isNeverSent(cause);
}

function reasonOf(error: unknown): string {
  let deepest = error;
  while (deepest instanceof Error && deepest.cause instanceof Error) deepest = deepest.cause;
  if (!(deepest instanceof Error)) return String(deepest);
  const { code } = deepest as { code?: unknown };
  return (deepest.message || String(code ?? deepest.name)).replace(/\.+$/, "");
}

/** A signal that is aborted after a time or by another signal. */
class TimeLimit {
  private readonly controller = new AbortController();
  private readonly timer: ReturnType<typeof setTimeout>;
  private readonly stop: () => void;
  expired = false;

  constructor(
    readonly ms: number,
    outer: AbortSignal | undefined,
  ) {
    this.timer = setTimeout(() => {
      this.expired = true;
      this.controller.abort();
    }, ms);
    const abort = () => this.controller.abort(outer?.reason);
    if (outer?.aborted) abort();
    this.stop = onAbort(outer, abort);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** The result of `work`, or a rejection when the time is over, also if `work` does not look at the signal. */
  race<T>(work: Promise<T>): Promise<T> {
    const { signal } = this;
    return new Promise((resolve, reject) => {
      const end = () => reject(signal.reason);
      if (signal.aborted) end();
      work.then(resolve, reject).finally(onAbort(signal, end));
    });
  }

  end(): void {
    clearTimeout(this.timer);
    this.stop();
  }
}
