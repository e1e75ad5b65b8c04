import { describe, expect, it } from "vitest";
import {
  api,
  card,
  cardIn,
  checkAccessibility,
  createTicket,
  createWorkflow,
  eventually,
  openBoard,
  openContext,
  signedIn,
  url,
  waitUntilLive,
  withBrowser,
} from "./harness";

withBrowser();

describe("board settings", () => {
  it("list deleted tickets, and bring one back", async () => {
    const workflow = await createWorkflow("Restored");
    const ticket = await createTicket(workflow, "Deleted too early");
    const watching = await openBoard(workflow);
    await card(watching, ticket.ticket_id).waitFor();
    const page = await (await signedIn()).newPage();
    await page.goto(`/w/${workflow}/settings`);
    await page.getByText("No deleted tickets.").waitFor();
    await waitUntilLive(page);
    await api("DELETE", `/api/tickets/${ticket.ticket_id}`);
    const entry = page.locator(`[data-deleted="${ticket.ticket_id}"]`);
    await entry.getByText("Deleted too early").waitFor();
    await entry.getByText(/Deleted by /).waitFor();
    await card(watching, ticket.ticket_id).waitFor({ state: "detached" });
    await entry.getByRole("button", { name: /^Restore TKT-/ }).click();
    await page.getByText("No deleted tickets.").waitFor();
    await card(watching, ticket.ticket_id).waitFor();
  });

  it("require a comment on status changes when enabled", async () => {
    const workflow = await createWorkflow("Comments");
    const ticket = await createTicket(workflow, "Say why");
    const page = await openBoard(workflow);
    await page.goto(`/w/${workflow}/settings/board`);
    await page.getByRole("switch", { name: "Require a comment on status changes" }).click();
    await page.getByRole("button", { name: "Save board" }).click();
    await page.getByText("Board saved").waitFor();
    await page.goto(`/w/${workflow}/t/${ticket.ticket_id}`);
    await waitUntilLive(page);
    await page
      .getByRole("dialog", { name: /Say why/ })
      .getByLabel("Status", { exact: true })
      .selectOption("review");
    await page.getByLabel("What changed?").fill("Ready to be looked at.");
    await page.getByRole("button", { name: "Move ticket" }).click();
    await cardIn(page, "review", ticket.ticket_id).waitFor();
    await page
      .getByRole("dialog", { name: /Say why/ })
      .getByText("Ready to be looked at.")
      .waitFor();
  });
});

describe("members", () => {
  it("see a read-only board as viewers, and lose access at once when removed", async () => {
    const workflow = await createWorkflow("Guests");
    const ticket = await createTicket(workflow, "Only look");
    const guest = { email: `guest${Date.now()}@example.com`, password: "a guest's long password", name: "Guest" };
    const context = await openContext();
    const registered = await context.request.post("/api/auth/register", {
      data: { ...guest, token_mode: "cookie" },
      headers: { origin: url },
    });
    expect(registered.ok()).toBe(true);

    const owner = await (await signedIn()).newPage();
    await owner.goto(`/w/${workflow}/settings`);
    await owner.getByLabel("Email or agent ID").fill(guest.email);
    await owner.getByLabel("Role of the new member").selectOption("viewer");
    await owner.getByRole("button", { name: "Add member" }).click();
    await owner.getByLabel("Role of Guest").waitFor();

    const page = await context.newPage();
    await page.goto(`/w/${workflow}`);
    await card(page, ticket.ticket_id).waitFor();
    await waitUntilLive(page);
    await page.getByText("You have read-only access to this board.").waitFor();
    expect(await page.getByRole("button", { name: "New ticket" }).count()).toBe(0);
    expect(await page.locator("[data-handle]").count()).toBe(0);

    await owner.getByRole("button", { name: "Remove Guest" }).click();
    await owner.getByRole("dialog", { name: "Remove Guest?" }).getByRole("button", { name: "Remove member" }).click();
    await page.getByText("Workflow not found").waitFor();
    await eventually("the card is gone", async () => (await card(page, ticket.ticket_id).count()) === 0);
  });
});

describe("agents", () => {
  it("adds an agent with a working API key", async () => {
    const workflow = await createWorkflow("Agents");
    const page = await (await signedIn()).newPage();
    await page.goto(`/w/${workflow}/settings`);
    await page.getByRole("link", { name: "Connect an agent" }).click();
    await page.getByLabel("Agent name").fill("Builder");
    await page.getByRole("button", { name: "Create key" }).click();
    await page.getByText("Waiting for its first call…").waitFor();
    const key = await page.getByLabel("Secret key").inputValue();
    await page.getByRole("tab", { name: "Codex" }).click();
    await page.getByText(`Bearer ${key}`).waitFor();
    const made = await fetch(`${url}/api/tickets/create`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ workflow_id: workflow, title: "Made by an agent", description: "Created over REST." }),
    });
    expect(made.status).toBe(200);
    await page.getByText(/^Builder made its first call/).waitFor();
    for (const name of ["REST", "Worker"]) {
      await page.getByRole("tab", { name }).click();
      await page.getByRole("tabpanel", { name }).getByText(key).waitFor();
    }
    await checkAccessibility(page);
    await page.goto(`/w/${workflow}/settings`);
    await page.getByLabel("Role of Builder").waitFor();
  });
});

describe("account", () => {
  it("creates and revokes an API key", async () => {
    const page = await (await signedIn()).newPage();
    await page.goto("/account");
    const name = `For a test ${Date.now()}`;
    await page.getByLabel("Key name").fill(name);
    await page.getByRole("button", { name: "Create key" }).click();
    const key = await page.getByLabel("Secret key").inputValue();
    const use = () => fetch(`${url}/api/auth/me`, { headers: { authorization: `Bearer ${key}` } });
    expect((await use()).status).toBe(200);
    await page.getByRole("button", { name: "Done" }).click();
    await page.getByRole("button", { name: `Revoke ${name}` }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Keep" }).click();
    expect((await use()).status).toBe(200);
    await page.getByRole("button", { name: `Revoke ${name}` }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke key" }).click();
    await page.getByText(name).waitFor({ state: "detached" });
    expect((await use()).status).toBe(401);
  });
});
