import { describe, expect, test, vi } from "vitest";

import { fillPath, queryOf } from "../../src/api.js";
import {
  AbortedError,
  CallboardError,
  Client,
  RefusedError,
  UnreachableError,
  UnusableAnswerError,
} from "../../src/index.js";
import { isNeverSent, repeatOf } from "../../src/send.js";
import { absent, fakeFetch, lost, problem, type Reply } from "./fake-server.js";

const URL_ = "http://callboard.test";

function client(replies: Parameters<typeof fakeFetch>[0], options = {}) {
  const server = fakeFetch(replies);
  return { client: new Client(URL_, { key: "cb_x", fetch: server.fetch, ...options }), requests: server.requests };
}

const comment = { ticket_id: "ticket-1", comment_text: "Once" };
const ok: Reply = { status: 200, body: { success: true } };

async function failure(promise: Promise<unknown>): Promise<CallboardError> {
  const error = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(CallboardError);
  return error as CallboardError;
}

describe("repetition", () => {
  test("a write whose response was lost is repeated under its key", async () => {
    const { client: one, requests } = client([lost(), lost(), ok]);
    await one.comment(comment);
    expect(requests).toHaveLength(3);
    const keys = new Set(requests.map((request) => request.headers["idempotency-key"]));
    expect([...keys]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
    await one.comment(comment);
    expect(keys).not.toContain(requests[3]?.headers["idempotency-key"]);
  });

  test("the key can be chosen", async () => {
    const { client: one, requests } = client([ok]);
    await one.comment(comment, { idempotencyKey: "mine" });
    expect(requests[0]?.headers["idempotency-key"]).toBe("mine");
  });

  test("reads and heartbeats have no key, and sign-ins are not repeated when their response is lost", async () => {
    const { client: one, requests } = client([ok]);
    await one.getJob("job-1");
    await one.request("post", "/api/jobs/{id}/heartbeat", { path: { id: "job-1" }, body: { lease_token: "t" } });
    expect(requests.map((request) => request.headers["idempotency-key"])).toEqual([undefined, undefined]);
    const signIn = fakeFetch([lost()]);
    const error = await failure(Client.signIn(URL_, "ann@example.org", "secret", { fetch: signIn.fetch }));
    expect([error.outcome, signIn.requests.length]).toEqual(["unknown", 1]);
    const refused = fakeFetch([absent(), { status: 200, body: { access: "a", refresh: "r" } }]);
    await Client.signIn(URL_, "ann@example.org", "secret", { fetch: refused.fetch });
    expect(refused.requests).toHaveLength(2);
    expect(repeatOf("POST", "/api/webhooks/w-1/test")).toBe("never");
    expect(repeatOf("POST", "/api/webhooks/w-1/dead-letters/d-1/replay")).toBe("never");
    expect(repeatOf("POST", "/api/webhooks/w-1/resume")).toBe("with_key");
  });

  test("Retry-After is honoured, and bounded", async () => {
    vi.useFakeTimers();
    try {
      const { client: one, requests } = client([
        { ...problem(429, "too_many_requests"), headers: { "retry-after": "3600" } } as Reply,
        ok,
      ]);
      const done = one.comment(comment);
      await vi.advanceTimersByTimeAsync(19_000);
      expect(requests).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(2_000);
      await done;
      expect(requests).toHaveLength(2);
    } finally {
      vi.useRealTimers();
    }
  });

  test("a refusal is final", async () => {
    const { client: one, requests } = client([problem(409, "blocked")]);
    const error = await failure(one.moveTicket({ ticket_id: "ticket-1", new_status: "done" }));
    expect([error.outcome, error.temporary, requests.length]).toEqual(["not_done", false, 1]);
  });
});

describe("outcomes", () => {
  const outcome = async (...replies: Reply[]) =>
    (await failure(client(replies, { maxAttempts: replies.length }).client.comment(comment))).outcome;

  test("only refusals of Callboard, and connections that were never made, are certain", async () => {
    expect(await outcome(problem(503, "unavailable"))).toBe("not_done");
    expect(await outcome(problem(503, "outcome_unknown"))).toBe("unknown");
    expect(await outcome({ status: 503, body: "<html>" })).toBe("unknown");
    expect(await outcome({ status: 502, body: "<html>" })).toBe("unknown");
    expect(await outcome(problem(500, "internal"))).toBe("unknown");
    expect(await outcome(problem(404, "not_found"))).toBe("not_done");
    expect(await outcome(absent())).toBe("not_done");
    expect(await outcome(lost())).toBe("unknown");
  });

  test("a lost attempt stays unknown, unless a later one was answered", async () => {
    expect(await outcome(lost(), absent())).toBe("unknown");
    expect(await outcome(lost(), problem(503, "unavailable"))).toBe("unknown");
    expect(await outcome(lost(), problem(409, "blocked"))).toBe("not_done");
  });

  test("an answer that cannot be parsed is one of a request that was carried out", async () => {
    const error = await failure(client([{ status: 200, body: "<html>" }], { maxAttempts: 1 }).client.comment(comment));
    expect(error).toBeInstanceOf(UnusableAnswerError);
    expect(error.outcome).toBe("done");
  });

  test("an answer that ends early is asked for again, with the same key", async () => {
    const cut = { status: 200, body: '{"comment":{"body":"half of' };
    const { client: one, requests } = client([cut, ok]);
    await one.comment(comment);
    const keys = requests.map(({ headers }) => headers["idempotency-key"]);
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBe(keys[1]);
    expect(await outcome(cut, lost())).toBe("unknown");
  });

  test("reads change nothing", async () => {
    const error = await failure(client([lost()], { maxAttempts: 1 }).client.getJob("job-1"));
    expect(error).toBeInstanceOf(UnreachableError);
    expect([error.outcome, error.temporary]).toEqual(["not_done", true]);
    expect(error.message).toContain(URL_);
  });

  test("a redirect is not followed", async () => {
    const reply = { status: 302, body: "", headers: { location: "https://new.test" } };
    const error = await failure(client([reply]).client.comment(comment));
    expect(error.message).toBe("The address is redirected to https://new.test; use the new one.");
    expect(error.outcome).toBe("not_done");
  });

  test("fetch says which connections were never made", () => {
    expect(isNeverSent(absent())).toBe(true);
    expect(isNeverSent(lost())).toBe(false);
    const both = new AggregateError([{ code: "ECONNREFUSED" }, { code: "ECONNREFUSED" }]);
    expect(isNeverSent(new TypeError("fetch failed", { cause: both }))).toBe(true);
    expect(isNeverSent(undefined)).toBe(false);
  });
});

describe("problems", () => {
  test("are typed", async () => {
    const errors = [{ field: "title", rule: "must have 3 to 500 characters" }, "odd"];
    const { client: one } = client([problem(422, "invalid", { errors, hint: 1 })]);
    const error = await failure(one.createTicket({ workflow_id: "workflow-1", title: "" }));
    expect(error).toBeInstanceOf(RefusedError);
    const refused = error as RefusedError;
    expect([refused.status, refused.code, refused.message, refused.detail]).toEqual([
      422,
      "invalid",
      "It is invalid.",
      "It is invalid.",
    ]);
    expect(refused.errors).toEqual([errors[0]]);
    expect(refused.problem.extra).toEqual({ hint: 1 });
  });

  test("of proxies keep their status", async () => {
    const error = await failure(client([{ status: 404, body: "<html>" }]).client.getJob("job-1"));
    expect([error.message, (error as RefusedError).code]).toEqual(["The server responded with 404.", ""]);
  });
});

describe("time", () => {
  const never = (): typeof fetch => (_, init) =>
    new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)));

  test("an attempt has a time limit", async () => {
    const one = new Client(URL_, { key: "cb_x", fetch: never(), timeoutMs: 20, maxAttempts: 2 });
    const error = await failure(one.comment(comment));
    expect([error.outcome, error.message]).toEqual(["unknown", expect.stringContaining("no response within 20 ms")]);
  });

  test("holds also if fetch does not look at its signal", async () => {
    const one = new Client(URL_, { key: "cb_x", fetch: () => new Promise(() => {}), timeoutMs: 20, maxAttempts: 1 });
    expect((await failure(one.comment(comment))).message).toContain("no response within 20 ms");
  });

  test("a signal ends the request and the pauses between attempts", async () => {
    const one = new Client(URL_, { key: "cb_x", fetch: never() });
    const abort = new AbortController();
    setTimeout(() => abort.abort("enough"), 20);
    const error = await failure(one.comment(comment, { signal: abort.signal }));
    expect(error).toBeInstanceOf(AbortedError);
    expect([error.name, error.outcome, error.cause]).toEqual(["AbortError", "unknown", "enough"]);
    const reply = { ...problem(429, "too_many_requests"), headers: { "retry-after": "10" } } as Reply;
    const waits = await failure(client([reply]).client.comment(comment, { signal: AbortSignal.timeout(20) }));
    expect([waits.name, waits.outcome]).toEqual(["AbortError", "not_done"]);
    expect((await failure(client([ok]).client.getJob("job-1", { signal: abort.signal }))).outcome).toBe("not_done");
  });
});

describe("requests", () => {
  test("fill in paths and queries", async () => {
    expect(fillPath("/api/jobs/{id}", { id: "a b/c" })).toBe("/api/jobs/a%20b%2Fc");
    for (const id of ["", ".", "..", undefined]) expect(() => fillPath("/api/jobs/{id}", { id })).toThrow("id");
    expect(queryOf({ tag: ["red, green", "blue"], limit: 1, cursor: undefined })).toBe(
      "?tag=red%2C+green&tag=blue&limit=1",
    );
    expect(queryOf({})).toBe("");
  });

  test("carry the agent, and strictness", async () => {
    const { client: one, requests } = client([ok], { strict: true });
    await one.actingFor("builder").comment(comment);
    await one.comment(comment);
    expect(requests.map(({ headers }) => [headers["x-agent-id"], headers.prefer, headers.authorization])).toEqual([
      ["builder", "handling=strict", "Bearer cb_x"],
      [undefined, "handling=strict", "Bearer cb_x"],
    ]);
  });

  test("send an empty object where a write has no body", async () => {
    const { client: one, requests } = client([ok]);
    await one.actOnJob("job-1", "cancel");
    expect(requests[0]).toMatchObject({ method: "POST", path: "/api/jobs/job-1/cancel", body: {} });
  });

  test("read lists page by page", async () => {
    const pages: Record<string, object> = {
      "/api/jobs?status=queued": { jobs: [{ id: "job-1" }, { id: "job-2" }], has_more: true, next_cursor: "c+1" },
      "/api/jobs?status=queued&cursor=c%2B1": { jobs: [{ id: "job-3" }], has_more: false, next_cursor: null },
    };
    const { client: one } = client(({ path }) => ({ status: 200, body: pages[path] }));
    const ids = [];
    for await (const job of one.jobs({ status: "queued" })) ids.push(job.id);
    expect(ids).toEqual(["job-1", "job-2", "job-3"]);
  });

  test("find a workflow by its name", async () => {
    const list = {
      workflows: [
        { id: "workflow-1", name: "Other" },
        { id: "workflow-2", name: "Shop" },
      ],
      has_more: false,
    };
    const { client: one } = client(({ path }) =>
      path === "/api/workflows" ? { status: 200, body: list } : problem(404, "not_found"),
    );
    expect((await one.findWorkflow("Shop")).id).toBe("workflow-2");
    expect(((await failure(one.findWorkflow("None"))) as RefusedError).status).toBe(404);
  });

  test("settings are checked", () => {
    expect(() => new Client("ftp://example.org")).toThrow(CallboardError);
    expect(() => new Client("callboard")).toThrow("is not the address of a server");
    expect(() => new Client(URL_, { key: "cb_x", tokens: { access: "a" } })).toThrow("not both");
    expect(() => new Client(URL_, { maxAttempts: 0 })).toThrow("maxAttempts");
    expect(new Client(` ${URL_}/ `).url).toBe(URL_);
  });
});
