import net from "node:net";
import { afterEach, describe, expect, test } from "vitest";

import { type CallboardError, Client, RefusedError, type Tokens } from "../../src/index.js";
import { collect, email, fixture, heal, password, proxy, proxyUrl, untilAnswered, url } from "./support.js";

/** Reads that break, of a thousand. A request is at least one read of either side, so about every fourth attempt is lost. */
const CUTS = 140;
const ROUNDS = 24;
const LANES = 8;

/** An address where nothing listens. */
async function unusedAddress(): Promise<string> {
  const probe = net.createServer();
  const port = await new Promise((resolve) =>
    probe.listen(0, "127.0.0.1", () => resolve((probe.address() as net.AddressInfo).port)),
  );
  await new Promise((resolve) => probe.close(resolve));
  return `http://127.0.0.1:${port}`;
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error as CallboardError,
  );

afterEach(heal);

test("every usual request works", async () => {
  const { owner, workflow, key, agent } = await fixture("Requests");
  const client = new Client(url, { key });
  expect((await owner.findWorkflow((await client.getWorkflow(workflow)).name)).id).toBe(workflow);
  const input = { workflow_id: workflow, title: "Fix the login timeout", description: "Sessions end early." };
  const first = await client.createTicket({ ...input, tags: ["red, green"] });
  const second = await client.createTicket({
    ...input,
    title: "Announce the release",
    blocked_by_ticket_ids: [first.key],
  });
  expect((await client.getTicket("TKT-1", { workflow })).ticket_id).toBe(first.ticket_id);
  const moved = await client.moveTicket({ ticket_id: second.ticket_id, new_status: "build" }).catch((error) => error);
  expect([moved.blocked ?? moved.code, moved.blocking_ticket_ids?.length ?? 1]).toEqual([expect.anything(), 1]);
  await client.updateTicket({ ticket_id: first.ticket_id, version: 1, updates: { priority: "high" } });
  expect(
    await failure(client.updateTicket({ ticket_id: first.ticket_id, version: 1, updates: { priority: "low" } })),
  ).toMatchObject({ status: 409 });
  const said = await client.comment({ ticket_id: second.ticket_id, comment_text: "Go ahead, see #TKT-1." });
  expect(said.comment_id).toMatch(/^comment-/);
  expect(
    (await client.search({ workflow_id: workflow, query: "login" })).results.map(({ ticket_id }) => ticket_id),
  ).toContain(first.ticket_id);
  expect((await collect(client.tickets({ workflow_id: workflow, limit: 1 }))).map(({ key }) => key).sort()).toEqual([
    "TKT-1",
    "TKT-2",
  ]);
  expect(await collect(client.tickets({ workflow_id: workflow, tag: ["red, green"] }))).toHaveLength(1);
  expect((await client.claimTicket({ workflow_id: workflow })).ticket_id).toBe(first.ticket_id);
  const resolved = await client.resolveTicket({
    ticket_id: first.ticket_id,
    resolution_comment: "Sessions live a day now.",
  });
  expect(resolved.unblocked_tickets).toEqual([second.ticket_id]);
  const asked = await client.askPeople({ ticket_id: second.ticket_id, question: "When?", options: ["tonight"] });
  expect((await owner.decideApproval(asked.id, "answer", { answer: "tonight" })).status).toBe("answered");
  expect((await client.getApproval(asked.id, { wait: 5 })).answer).toBe("tonight");
  const job = await client.createJob({ workflow_id: workflow, title: "Measure", with_ticket: true, queue: true });
  expect((await collect(client.jobs({ workflow_id: workflow }))).map(({ id }) => id)).toEqual([job.id]);
  expect((await client.actOnJob(job.id, "cancel")).status).toBe("cancelled");
  expect(JSON.stringify(await client.me())).toContain(agent);
  expect((await client.board(workflow)).tickets).toHaveLength(3);
});

test("refusals are typed", async () => {
  const { owner, workflow, room } = await fixture("Refusals");
  const invalid = await failure(owner.createTicket({ workflow_id: workflow, title: "" }));
  expect(invalid).toBeInstanceOf(RefusedError);
  expect(invalid).toMatchObject({
    status: 422,
    outcome: "not_done",
    errors: [{ field: "title", rule: expect.any(String) }],
  });
  expect(await failure(owner.getTicket("TKT-9", { workflow }))).toMatchObject({ status: 404, code: "not_found" });
  expect(await failure(new Client(url).me())).toMatchObject({ status: 401 });
  expect(await failure(Client.signIn(url, email, "wrong password"))).toMatchObject({ status: 401 });
  expect(await failure(new Client(url, { key: "cb_none" }).watch(room).next())).toMatchObject({ status: 401 });
});

test("an expired access token is refreshed once", async () => {
  const refresh = (await (await Client.signIn(url, email, password)).tokens())?.refresh;
  const saved: Tokens[] = [];
  const store = { load: () => saved.at(-1), save: (tokens: Tokens) => void saved.push(tokens) };
  const client = new Client(url, { tokens: { access: "ended", refresh }, store });
  await Promise.all(Array.from({ length: 8 }, () => client.me()));
  expect(saved).toHaveLength(1);
  const again = new Client(url, { tokens: { access: "ended", refresh: saved[0]?.refresh } });
  await again.me();
  expect((await again.tokens())?.access).not.toBe("ended");
});

describe("through lost connections", () => {
  test("writes happen once, and errors say what is known", async () => {
    const { owner, workflow, key, ticket } = await fixture("Once");
    const client = new Client(proxyUrl, { key });
    await proxy({ drop: 2 });
    await client.createTicket({ workflow_id: workflow, title: "Once", description: "A description." });
    expect((await proxy()).drop).toBe(0);
    expect(await collect(owner.tickets({ workflow_id: workflow }))).toHaveLength(1);
    const moves = await ticket("Moves");
    await proxy({ drop: 1_000 });
    const move = () => client.comment({ ticket_id: moves, comment_text: "Said once" }, { idempotencyKey: "said-once" });
    expect(await failure(move())).toMatchObject({ name: "UnreachableError", outcome: "unknown", temporary: true });
    await heal();
    await move();
    expect((await owner.getTicket(moves)).comments).toHaveLength(1);
    await proxy({ connected: false });
    const quick = new Client(proxyUrl, { key, maxAttempts: 1 });
    // The proxy takes the connection before it closes it, so it is not known.
    expect(await failure(quick.comment({ ticket_id: moves, comment_text: "Lost" }))).toMatchObject({
      outcome: "unknown",
    });
    const nowhere = new Client(await unusedAddress(), { key, maxAttempts: 2 });
    expect(await failure(nowhere.comment({ ticket_id: moves, comment_text: "Lost" }))).toMatchObject({
      outcome: "not_done",
    });
  });

  test("every effect happens once in random cuts", async () => {
    const { owner, workflow, key } = await fixture("Cuts");
    const client = new Client(proxyUrl, { key });
    await proxy({ cut: CUTS });
    const round = async (number: number) => {
      const tags = [`round-${number}`];
      const input = { workflow_id: workflow, title: `Round ${number}`, description: "A description.", tags };
      const { ticket_id } = await untilAnswered((once) => client.createTicket(input, once));
      await untilAnswered((once) => client.comment({ ticket_id, comment_text: "Said once" }, once));
      await untilAnswered((once) => client.updateTicket({ ticket_id, updates: { priority: "high" } }, once));
      const claimed = await untilAnswered((once) => client.claimTicket({ workflow_id: workflow, tags }, once));
      expect(claimed.ticket_id).toBe(ticket_id);
      await untilAnswered((once) => client.createJob({ ticket_id, queue: true, title: `Job ${number}` }, once));
    };
    const lanes = Array.from({ length: LANES }, async (_, lane) => {
      for (let number = lane; number < ROUNDS; number += LANES) await round(number);
    });
    await Promise.all(lanes);
    await heal();
    const tickets = await collect(owner.tickets({ workflow_id: workflow }));
    expect(tickets.map(({ title }) => title).sort()).toEqual(
      Array.from({ length: ROUNDS }, (_, n) => `Round ${n}`).sort(),
    );
    for (const { ticket_id } of tickets) {
      const { comments, history } = await owner.getTicket(ticket_id);
      expect(comments).toHaveLength(1);
      const changes = JSON.stringify(history).match(/"field_name":"priority"/g);
      expect(changes?.length ?? 1).toBe(1);
    }
    expect(await collect(owner.jobs({ workflow_id: workflow }))).toHaveLength(ROUNDS);
  });
});
