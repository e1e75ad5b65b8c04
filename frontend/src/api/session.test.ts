import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Session } from "./session";

const user = { id: "user-1", email: "a@b.c", name: "Ada", is_admin: false };

function reply(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}

/** A fake server that issues numbered tokens while the cookie is valid. */
function server() {
  let issued = 0;
  const state = { cookie: true, lifetime: 900, calls: [] as string[], down: false };
  const fetcher = vi.fn(async (input: RequestInfo | URL) => {
    const path = String(input);
    state.calls.push(path);
    if (state.down) throw new TypeError("network");
    if (path === "/api/auth/me") return reply(200, { user });
    if (path === "/api/auth/logout") return reply(200, {});
    if (path === "/api/auth/token/refresh" && !state.cookie) return reply(401, { detail: "No session." });
    issued += 1;
    const tokens = { access: `token${issued}`, expires_in: state.lifetime };
    return reply(200, path === "/api/auth/login" ? { ...tokens, user } : tokens);
  });
  return { state, fetcher: fetcher as unknown as typeof fetch };
}

/** BroadcastChannel delivers in a separate task. */
const channelDelivery = () => new Promise((resolve) => setTimeout(resolve, 20));

let channel = 0;
const name = () => `test.${channel}`;
beforeEach(() => {
  channel += 1;
});
afterEach(() => vi.useRealTimers());

describe("Session", () => {
  it("restores the session after a reload while the cookie is valid", async () => {
    const { state, fetcher } = server();
    expect(await new Session(fetcher, name()).start()).toMatchObject({ status: "signed-in", access: "token1", user });
    state.cookie = false;
    expect(await new Session(fetcher, `${name()}b`).start()).toEqual({ status: "signed-out" });
  });

  it("does not sign out when the server is unreachable", async () => {
    const { state, fetcher } = server();
    const session = new Session(fetcher, name());
    state.down = true;
    expect((await session.start()).status).toBe("unreachable");
    state.down = false;
    expect((await session.start()).status).toBe("signed-in");
    state.down = true;
    expect((await session.refresh()).status).toBe("signed-in");
  });

  it("coalesces concurrent refreshes into one request", async () => {
    const { state, fetcher } = server();
    const session = new Session(fetcher, name());
    await session.start();
    state.calls.length = 0;
    await Promise.all(Array.from({ length: 20 }, () => session.refresh()));
    expect(state.calls).toEqual(["/api/auth/token/refresh"]);
  });

  it("uses the token that another tab fetched", async () => {
    const { state, fetcher } = server();
    const [one, two] = [new Session(fetcher, name()), new Session(fetcher, name())];
    await one.start();
    await channelDelivery();
    expect(two.access).toBe("token1");
    await one.refresh();
    await channelDelivery();
    state.calls.length = 0;
    // The request failed with the old token, and the other tab's new token has arrived since.
    await two.refresh("token1");
    expect(two.access).toBe("token2");
    expect(state.calls).toEqual([]);
  });

  it("signs out in every tab", async () => {
    const { fetcher } = server();
    const [one, two] = [new Session(fetcher, name()), new Session(fetcher, name())];
    await one.signIn("a@b.c", "secret");
    await channelDelivery();
    expect(two.get().status).toBe("signed-in");
    await two.signOut();
    await channelDelivery();
    expect(one.get()).toEqual({ status: "signed-out" });
  });

  it("refreshes the token before it expires", async () => {
    vi.useFakeTimers();
    const { state, fetcher } = server();
    const session = new Session(fetcher, name());
    await session.start();
    state.calls.length = 0;
    await vi.advanceTimersByTimeAsync(845_000);
    expect(state.calls).toEqual(["/api/auth/token/refresh"]);
    expect(session.access).toBe("token2");
  });

  it("reports an expired session when the cookie is rejected", async () => {
    const { state, fetcher } = server();
    const session = new Session(fetcher, name());
    await session.start();
    state.cookie = false;
    expect(await session.refresh()).toEqual({ status: "signed-out", reason: "expired" });
  });
});
