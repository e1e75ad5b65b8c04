/** One way to the server: adds the access token, renews it once on 401, and turns every failure into a `Problem`. */
import createClient from "openapi-fetch";
import { Problem, problemFrom, unreachable } from "./problem";
import type { paths } from "./schema.gen";
import { session } from "./session";

/** Paths, parameters and bodies are checked against the server's OpenAPI document. */
export const client = createClient<paths>({ baseUrl: globalThis.location?.origin, fetch: authorized });

async function authorized(request: Request): Promise<Response> {
  const token = await session.token();
  const again = request.clone();
  let response = await send(request, token);
  if (response.status === 401 && token) {
    const after = await session.refresh(token);
    if (after.status === "signed-in") response = await send(again, after.access);
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
    throw unreachable();
  }
}

/** The answer's body; failures were thrown on the way. */
export async function answer<T>(call: Promise<{ data?: T }>): Promise<T> {
  try {
    return (await call).data as T;
  } catch (error) {
    // A body that is not JSON, from something between us and the server.
    if (error instanceof SyntaxError) {
      throw new Problem(200, "The server's answer was not understood. Reload the page and try again.");
    }
    throw error;
  }
}

/** Follows `next_cursor` to the end. */
export async function everyPage<Page extends { has_more: boolean; next_cursor?: string | null }, Item>(
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
