import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fetchWithToken } from "./http";
import { Problem } from "./problem";

type Reply = () => Response;

/** Answers the requests in order; the last reply is repeated. Returns the keys that were sent. */
function server(...replies: Reply[]) {
  const keys: Array<string | null> = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    keys.push(request.headers.get("idempotency-key"));
    const reply = replies.length > 1 ? replies.shift() : replies[0];
    return reply?.();
  });
  return keys;
}

const problem = (status: number, code: string) => () =>
  new Response(JSON.stringify({ status, code, detail: "No." }), { status });
const lost: Reply = () => {
  throw new TypeError("network");
};
const done: Reply = () => new Response("{}", { status: 200 });

const write = (headers?: Record<string, string>) =>
  new Request("http://localhost/api/tickets/comment", { method: "POST", body: "{}", headers });

async function failure(request: Promise<Response>): Promise<Problem> {
  const settled = request.then(
    () => null,
    (error) => error,
  );
  await vi.runAllTimersAsync();
  const error = await settled;
  expect(error).toBeInstanceOf(Problem);
  return error;
}

describe("writes", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("are repeated with the same key when the outcome is unknown or nothing was carried out", async () => {
    const keys = server(lost, problem(503, "outcome_unknown"), done);
    const sent = fetchWithToken(write());
    await vi.runAllTimersAsync();
    expect((await sent).status).toBe(200);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  });

  it("keep the key that they were given", async () => {
    const keys = server(problem(503, "unavailable"), done);
    const sent = fetchWithToken(write({ "Idempotency-Key": "mine" }));
    await vi.runAllTimersAsync();
    await sent;
    expect(keys).toEqual(["mine", "mine"]);
  });

  it("say when it is unknown whether they were carried out", async () => {
    server(lost, problem(503, "unavailable"));
    const error = await failure(fetchWithToken(write()));
    expect(error.outcomeUnknown).toBe(true);
    expect(error.message).toContain("may have been saved");
    server(problem(503, "unavailable"));
    expect((await failure(fetchWithToken(write()))).outcomeUnknown).toBe(false);
  });

  it("are not repeated when they were refused", async () => {
    const keys = server(problem(409, "blocked"));
    expect((await failure(fetchWithToken(write()))).code).toBe("blocked");
    expect(keys).toHaveLength(1);
  });
});

describe("reads", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("have no key and are left to their queries", async () => {
    const keys = server(lost);
    await expect(fetchWithToken(new Request("http://localhost/api/workflows"))).rejects.toThrow("Cannot reach");
    expect(keys).toEqual([null]);
  });
});
