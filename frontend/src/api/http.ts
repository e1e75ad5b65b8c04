/**
 * The typed HTTP client. It adds the access token, refreshes it once on 401, and throws every failure as a `Problem`. Every
 * write has an idempotency key, so it is repeated without being carried out twice when its response was lost.
 */
import createClient from "openapi-fetch";
import { Problem, problemFrom, responseLost, unreachable, unreadable } from "./problem";
import { randomId } from "./random-id";
import type { paths } from "./schema.gen";
import { session } from "./session";

/** Paths, parameters and bodies are checked at compile time against the server's OpenAPI document. */
export const client = createClient<paths>({ baseUrl: globalThis.location?.origin, fetch: fetchWithToken });

/** The pauses before a write is repeated. Reads are repeated by their queries. */
const REPEAT_AFTER_MS = [300, 1_000];

export async function fetchWithToken(request: Request): Promise<Response> {
  const writes = request.method !== "GET" && request.method !== "HEAD";
  if (writes && !request.headers.has("idempotency-key")) request.headers.set("idempotency-key", randomId());
  let lost = false;
  for (const pause of writes ? REPEAT_AFTER_MS : []) {
    try {
      return await attempt(request.clone());
    } catch (error) {
      if (!(error instanceof Problem && error.temporary)) throw error;
      lost ||= error.outcomeUnknown;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  try {
    return await attempt(request);
  } catch (error) {
    // That the last attempt did nothing says nothing of an earlier one.
    if (lost && error instanceof Problem && error.temporary) throw responseLost();
    throw error;
  }
}

async function attempt(request: Request): Promise<Response> {
  const token = await session.token();
  const retry = request.clone();
  let response = await send(request, token);
  if (response.status === 401 && token) {
    const refreshed = await session.refresh(token);
    if (refreshed.status === "signed-in") response = await send(retry, refreshed.access);
  }
  if (!response.ok) throw await problemFrom(response);
  return response;
}

async function send(request: Request, token: string | null): Promise<Response> {
  if (token) request.headers.set("authorization", `Bearer ${token}`);
  if (!request.headers.has("accept")) request.headers.set("accept", "application/json");
  try {
    return await fetch(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    const offline = globalThis.navigator?.onLine === false;
    if (request.method === "GET") throw unreadable();
    throw offline ? unreachable() : responseLost();
  }
}

/** The body of a successful response; failures are thrown by the client. */
export async function unwrap<T>(call: Promise<{ data?: T }>): Promise<T> {
  try {
    return (await call).data as T;
  } catch (error) {
    // A 200 whose body is not JSON comes from a proxy between the browser and the server.
    if (error instanceof SyntaxError) {
      throw new Problem(200, "The server sent an unreadable response. Reload the page and try again.");
    }
    throw error;
  }
}

/** Fetches every page of a keyset-paged list. */
export async function fetchAllPages<Page extends { has_more: boolean; next_cursor?: string | null }, Item>(
  fetchPage: (cursor: string | undefined) => Promise<Page>,
  items: (page: Page) => Item[],
): Promise<Item[]> {
  const all: Item[] = [];
  let cursor: string | undefined;
  do {
    const page = await fetchPage(cursor);
    all.push(...items(page));
    cursor = page.has_more ? (page.next_cursor ?? undefined) : undefined;
  } while (cursor);
  return all;
}
