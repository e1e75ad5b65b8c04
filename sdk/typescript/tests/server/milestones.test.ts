import { expect, test } from "vitest";

import { Client } from "../../src/index.js";
import { collect, fixture, url } from "./support.js";

test("milestones are planned, and boards of the past read", async () => {
  const { owner, workflow, key } = await fixture("Milestones");
  const client = new Client(url, { key });
  const made = await client.createMilestone(workflow, { name: "Beta", starts_on: "2026-01-05", due_on: "2026-01-31" });
  const ticket = await client.createTicket({
    workflow_id: workflow,
    title: "Sign the contract",
    due_on: "2026-01-20",
    milestone_id: "beta",
  });
  const query = { workflow_id: workflow, milestone_id: "Beta", overdue: true, sort_by: "due_on" as const };
  expect((await collect(client.tickets(query))).map(({ due_on }) => due_on)).toEqual(["2026-01-20"]);
  expect((await client.getMilestone(made.milestone_id)).ticket_count).toBe(1);
  const then = (await client.getTicket(ticket.ticket_id)).updated_at;
  await client.updateTicket({ ticket_id: ticket.ticket_id, updates: { due_on: null } });
  expect(await client.updateMilestone(made.milestone_id, { due_on: null, is_closed: true })).toMatchObject({
    due_on: null,
    is_closed: true,
  });
  expect(await client.milestones(workflow, { includeClosed: false })).toEqual([]);
  expect((await client.milestones(workflow)).map(({ name }) => name)).toEqual(["Beta"]);
  expect(await client.boardAt(workflow, then)).toMatchObject({ tickets: [{ due_on: "2026-01-20" }] });
  const { tickets } = await client.boardChanges(workflow, then);
  expect(tickets[0]?.fields.due_on).toEqual({ old_value: "2026-01-20", new_value: null });
  expect((await client.boardChanges(workflow, then, { to: then })).tickets).toEqual([]);
  await expect(client.boardAt(workflow, new Date("2001-01-01"))).rejects.toMatchObject({ status: 422 });
  await expect(client.createMilestone(workflow, { name: "BETA" })).rejects.toMatchObject({ status: 409 });
  expect((await owner.deleteMilestone(made.milestone_id)).tickets).toBe(1);
});
