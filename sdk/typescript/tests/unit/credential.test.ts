import { expect, test } from "vitest";

import { Client, RefusedError, type TokenStore, type Tokens } from "../../src/index.js";
import { fakeFetch, lost, problem, type Recorded, type Reply } from "./fake-server.js";

const URL_ = "http://callboard.test";

/** A server that takes one access token, and trades refresh tokens for the next one. */
function server(valid = "access-2") {
  const refreshes: unknown[] = [];
  const answer = ({ path, headers, body }: Recorded): Reply => {
    if (path === "/api/auth/token/refresh") {
      refreshes.push(body);
      return { status: 200, body: { access: valid, refresh: "refresh-2", expires_in: 900 } };
    }
    return headers.authorization === `Bearer ${valid}`
      ? { status: 200, body: { user: {} } }
      : problem(401, "unauthenticated");
  };
  return { ...fakeFetch(answer), refreshes };
}

const expired: Tokens = { access: "access-1", refresh: "refresh-1" };

test("requests at the same time refresh once", async () => {
  const { fetch, refreshes } = server();
  const client = new Client(URL_, { tokens: expired, fetch });
  await Promise.all(Array.from({ length: 8 }, () => client.me()));
  expect(refreshes).toEqual([{ refresh: "refresh-1" }]);
  expect(await client.tokens()).toEqual({ access: "access-2", refresh: "refresh-2" });
  await client.actingFor("builder").me();
  expect(refreshes).toHaveLength(1);
});

test("a store gets refreshed tokens, and has those of other processes", async () => {
  const { fetch, refreshes } = server();
  let stored: Tokens | null = expired;
  let locks = 0;
  const store: TokenStore = {
    load: async () => stored,
    save: (tokens) => {
      stored = tokens;
    },
    lock: (work) => {
      locks++;
      return work();
    },
  };
  await new Client(URL_, { store, fetch }).me();
  expect([stored, locks]).toEqual([{ access: "access-2", refresh: "refresh-2" }, 1]);
  // Another process still has the first tokens.
  await new Client(URL_, { tokens: expired, store, fetch }).me();
  expect([refreshes.length, locks]).toEqual([1, 2]);
});

test("a sign-in is stored", async () => {
  const { fetch } = fakeFetch([{ status: 200, body: { access: "a", refresh: "r", expires_in: 900, user: {} } }]);
  const saved: Tokens[] = [];
  const store = { load: () => null, save: (tokens: Tokens) => void saved.push(tokens) };
  const client = await Client.signIn(URL_, "ann@example.org", "secret", { store, fetch });
  expect(saved).toEqual([{ access: "a", refresh: "r" }]);
  expect(await client.tokens()).toEqual({ access: "a", refresh: "r" });
});

test("a refresh whose response was lost is repeated", async () => {
  let lose = 2;
  const inner = server();
  const { fetch } = fakeFetch(() => lost());
  const flaky: typeof globalThis.fetch = (input, init) =>
    String(input).endsWith("/refresh") && lose-- > 0 ? fetch(input, init) : inner.fetch(input, init);
  await new Client(URL_, { tokens: expired, fetch: flaky }).me();
  expect(inner.refreshes).toHaveLength(1);
});

test("an ended session is the server's refusal", async () => {
  const { fetch, requests } = fakeFetch([problem(401, "unauthenticated")]);
  const error = await new Client(URL_, { tokens: expired, fetch }).me().catch((error: unknown) => error);
  expect(error).toBeInstanceOf(RefusedError);
  expect(requests.map(({ path }) => path)).toEqual(["/api/auth/me", "/api/auth/token/refresh"]);
  // A key is not refreshed.
  const key = fakeFetch([problem(401, "unauthenticated")]);
  await expect(new Client(URL_, { key: "cb_x", fetch: key.fetch }).me()).rejects.toThrow("unauthenticated");
  expect(key.requests).toHaveLength(1);
});
