/** One way to the server: adds the access token, renews it once on 401, and turns every failure into a `Problem`. */
import { Problem, problemFrom, unreachable } from "./problem";
import { session } from "./session";

export interface Options {
  query?: Record<string, string | number | boolean | null | undefined>;
  body?: unknown;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

export async function request<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const token = await session.token();
  let response = await send(method, path, options, token);
  if (response.status === 401 && token) {
    const after = await session.refresh(token);
    if (after.status === "signed-in") response = await send(method, path, options, after.access);
  }
  if (!response.ok) throw await problemFrom(response);
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  if (text === "") return undefined as T;
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new Problem(response.status, "The server's answer was not understood. Reload the page and try again.");
  }
}

async function send(method: string, path: string, options: Options, token: string | null): Promise<Response> {
  const headers: Record<string, string> = { accept: "application/json", ...options.headers };
  if (options.body !== undefined) headers["content-type"] = "application/json";
  if (token) headers.authorization = `Bearer ${token}`;
  try {
    return await fetch(withQuery(path, options.query), {
      method,
      headers,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: options.signal,
      credentials: "same-origin",
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw unreachable();
  }
}

function withQuery(path: string, query: Options["query"]): string {
  const entries = Object.entries(query ?? {}).filter(([, value]) => value !== null && value !== undefined);
  if (entries.length === 0) return path;
  return `${path}?${new URLSearchParams(entries.map(([key, value]) => [key, String(value)]))}`;
}
