import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Session } from "./session";

const user = { id: "user-1", email: "a@b.c", name: "Ada", is_admin: false };

function reply(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}

/** A server that hands out numbered tokens as long as the cookie is good. */
function server() {
  let given = 0;
  const state = { cookie: true, life: 900, calls: [] as string[], down: false };
  const fetcher = vi.fn(async (input: RequestInfo | URL) => {
    const path = String(input);
    state.calls.push(path);
    if (state.down) throw new TypeError("network");
    if (path === "/api/auth/me") return reply(200, { user });
    if (path === "/api/auth/logout") return reply(200, {});
    if (path === "/api/auth/token/refresh" && !state.cookie) return reply(401, { detail: "No session." });
    given += 1;
    const tokens = { access: `token${given}`, expires_in: state.life };
    return reply(200, path === "/api/auth/login" ? { ...tokens, user } : tokens);
  });
  return { state, fetcher: fetcher as unknown as typeof fetch };
}

/** Channels deliver in a task of their own. */
const heard = () => new Promise((resolve) => setTimeout(resolve, 20));

let channel = 0;
const name = () => `test.${channel}`;
beforeEach(() => {
  channel += 1;
});
afterEach(() => vi.useRealTimers());

describe("Session", () => {
  it("is signed in after a reload if the cookie is good, signed out if not", async () => {
    const { state, fetcher } = server();
    expect(await new Session(fetcher, name()).start()).toMatchObject({ status: "signed-in", access: "token1", user });
    state.cookie = false;
    expect(await new Session(fetcher, `${name()}b`).start()).toEqual({ status: "signed-out" });
  });

  it("does not call a server that is away a sign-out", async () => {
    const { state, fetcher } = server();
    const session = new Session(fetcher, name());
    state.down = true;
    expect((await session.start()).status).toBe("unreachable");
    state.down = false;
    expect((await session.start()).status).toBe("signed-in");
    state.down = true;
    expect((await session.refresh()).status).toBe("signed-in");
  });

  it("makes one request of many refreshes", async () => {
    const { state, fetcher } = server();
    const session = new Session(fetcher, name());
    await session.start();
    state.calls.length = 0;
    await Promise.all(Array.from({ length: 20 }, () => session.refresh()));
    expect(state.calls).toEqual(["/api/auth/token/refresh"]);
  });

  it("uses the token another tab fetched instead of fetching its own", async () => {
    const { state, fetcher } = server();
    const [one, two] = [new Session(fetcher, name()), new Session(fetcher, name())];
    await one.start();
    await heard();
    expect(two.access).toBe("token1");
    await one.refresh();
    await heard();
    state.calls.length = 0;
    // Refused with the old token; the other tab's renewal has arrived meanwhile.
    await two.refresh("token1");
    expect(two.access).toBe("token2");
    expect(state.calls).toEqual([]);
  });

  it("signs out every tab at once", async () => {
    const { fetcher } = server();
    const [one, two] = [new Session(fetcher, name()), new Session(fetcher, name())];
    await one.signIn("a@b.c", "secret");
    await heard();
    expect(two.get().status).toBe("signed-in");
    await two.signOut();
    await heard();
    expect(one.get()).toEqual({ status: "signed-out" });
  });

  it("renews before the end, without being asked", async () => {
    vi.useFakeTimers();
    const { state, fetcher } = server();
    const session = new Session(fetcher, name());
    await session.start();
    state.calls.length = 0;
    await vi.advanceTimersByTimeAsync(845_000);
    expect(state.calls).toEqual(["/api/auth/token/refresh"]);
    expect(session.access).toBe("token2");
  });

  it("says that the session ended when the cookie no longer works", async () => {
    const { state, fetcher } = server();
    const session = new Session(fetcher, name());
    await session.start();
    state.cookie = false;
    expect(await session.refresh()).toEqual({ status: "signed-out", reason: "expired" });
  });
});
