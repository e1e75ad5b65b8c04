/** A `fetch` that answers from a list. */

export interface Recorded {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: unknown;
}

/** An answer: a status with a body, or an error that fetch throws. */
export type Reply = { status: number; body?: unknown; headers?: Record<string, string> } | Error;

/** A `fetch` that gives these replies in order, the last one from then on, and records the requests. */
export function fakeFetch(replies: Reply[] | ((request: Recorded) => Reply)) {
  const requests: Recorded[] = [];
  const fetch = async (input: unknown, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(String(input));
    const request = {
      method: init.method ?? "GET",
      path: url.pathname + url.search,
      headers: init.headers as Record<string, string>,
      body: typeof init.body === "string" ? JSON.parse(init.body) : undefined,
    };
    requests.push(request);
    init.signal?.throwIfAborted();
    const reply =
      typeof replies === "function" ? replies(request) : replies[Math.min(requests.length, replies.length) - 1];
    if (reply === undefined) throw new Error("there is no reply");
    if (reply instanceof Error) throw reply;
    const { status, body, headers } = reply;
    const text = typeof body === "string" ? body : JSON.stringify(body ?? {});
    return new Response(text, { status, headers: { "content-type": "application/json", ...headers } });
  };
  return { fetch: fetch as typeof globalThis.fetch, requests };
}

/** The error of fetch for a lost connection. */
export const lost = () =>
  new TypeError("fetch failed", { cause: Object.assign(new Error("reset"), { code: "ECONNRESET" }) });

/** The error of fetch for a server that does not listen. */
export const absent = () =>
  new TypeError("fetch failed", { cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED" }) });

export const problem = (status: number, code: string, extra: object = {}): Reply => ({
  status,
  body: { type: "about:blank", title: code, status, code, detail: `It is ${code}.`, ...extra },
  headers: { "content-type": "application/problem+json", "retry-after": "0" },
});
