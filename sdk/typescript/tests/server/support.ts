/** The server and the proxy that tests/sdk/run.mjs has started. */

import { CallboardError, Client, type Schemas } from "../../src/index.js";

function variable(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is missing: run make test-sdk-typescript`);
  return value;
}

export const url = variable("CALLBOARD_URL");
export const proxyUrl = variable("CALLBOARD_PROXY");
export const email = variable("CALLBOARD_EMAIL");
export const password = variable("CALLBOARD_PASSWORD");

interface Faults {
  connected?: boolean;
  drop?: number;
  cut?: number;
}

async function post(path: string, body: object = {}): Promise<Faults> {
  const response = await fetch(variable("CALLBOARD_CONTROL") + path, { method: "POST", body: JSON.stringify(body) });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as Faults;
}

/** Restarts the server; resolves when it is ready again. */
export const restart = () => post("/restart");
/** Changes the faults of the proxy; returns all of them. */
export const proxy = (faults: Faults = {}) => post("/proxy", faults);
/** Ends all faults of the proxy. */
export const heal = () => proxy({ connected: true, drop: 0, cut: 0 });

let signedIn: Promise<Client> | undefined;
/** The administrator, directly at the server. */
export const admin = () => (signedIn ??= Client.signIn(url, email, password));

let count = 0;

/** A workflow of the administrator, and a key of an agent that may read and write in it. */
export async function fixture(name: string) {
  const number = ++count;
  const owner = await admin();
  const workflow = (await owner.createWorkflow({ name: `${name} ${number}`, template: "sdlc" })).id;
  const agent = `agent-${process.pid}-${number}`;
  await owner.request("post", "/api/agents", { body: { id: agent, kind: "agent", workflows: [workflow] } });
  const body = { name, actor_id: agent, scopes: ["read", "write"] };
  const { key } = await owner.request("post", "/api/keys", { body });
  const ticket = async (title: string, more: Partial<Schemas["CreateTicket"]> = {}) =>
    (await owner.createTicket({ workflow_id: workflow, title, description: "A description.", ...more })).ticket_id;
  const job = async (title: string, more: Partial<Schemas["CreateJob"]> = {}) => {
    const input = { workflow_id: workflow, title, initial_prompt: title, with_ticket: true, queue: true, ...more };
    return (await owner.createJob(input)).id;
  };
  return { owner, workflow, agent, key, ticket, job, room: `workflow:${workflow}` };
}

/** Repeats a write under one key until it is answered, as a careful program does when the client's own attempts are used up. */
export async function untilAnswered<T>(write: (options: { idempotencyKey: string }) => Promise<T>): Promise<T> {
  const idempotencyKey = crypto.randomUUID();
  for (;;) {
    try {
      return await write({ idempotencyKey });
    } catch (error) {
      if (!(error instanceof CallboardError && (error.temporary || error.outcome === "done"))) throw error;
    }
  }
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Waits until a condition is met. */
export async function eventually(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`timed out waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
