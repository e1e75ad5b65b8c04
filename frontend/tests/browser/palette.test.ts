/** The command palette: it acts on tickets, creates them, switches workflows, and finds tickets of all of them. */
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  api,
  card,
  cardIn,
  checkAccessibility,
  createTicket,
  createWorkflow,
  eventually,
  openBoard,
  screenshot,
  signedIn,
  signedInMember,
  waitUntilLive,
  withBrowser,
} from "./harness";

withBrowser();

let workflow: string;
let other: string;
beforeAll(async () => {
  workflow = await createWorkflow("Palette");
  other = await createWorkflow("Other palette");
});

const input = (page: Page) => page.getByRole("dialog").getByRole("combobox");
const option = (page: Page, name: string | RegExp) => page.getByRole("option", { name });
const read = (id: string) => api<Record<string, unknown>>("GET", `/api/tickets/${id}`);

/** Opens the palette and runs what the text is the start of. */
async function command(page: Page, text: string): Promise<void> {
  await page.keyboard.press("Control+k");
  await page.getByPlaceholder(/^Search tickets/).waitFor();
  await page.keyboard.type(text);
  await page.keyboard.press("Enter");
}

describe("on a ticket", () => {
  for (const colorScheme of ["light", "dark"] as const) {
    it(`moves it, and back by Undo, in ${colorScheme}`, async () => {
      const ticket = await createTicket(workflow, `Moved by command in ${colorScheme}`);
      const page = await openBoard(workflow, { colorScheme });
      await card(page, ticket.ticket_id).getByRole("link").focus();
      await page.keyboard.press("Control+k");
      await option(page, "Move to…").waitFor();
      await checkAccessibility(page);
      await screenshot(page, `palette-${colorScheme}`);
      await page.keyboard.type("move");
      await page.keyboard.press("Enter");
      await page.getByPlaceholder("Choose a column").waitFor();
      await option(page, "Code Review").waitFor();
      await checkAccessibility(page);
      await screenshot(page, `palette-step-${colorScheme}`);
      await page.keyboard.type("review");
      await page.keyboard.press("Enter");
      await cardIn(page, "review", ticket.ticket_id).waitFor();
      await page.getByRole("button", { name: "Undo" }).click();
      await cardIn(page, "todo", ticket.ticket_id).waitFor();
    });
  }

  it("assigns it, sets its priority, copies its link and resolves it", async () => {
    const ticket = await createTicket(workflow, "Changed by commands");
    const page = await openBoard(workflow);
    await card(page, ticket.ticket_id).getByRole("link").click();
    await page.getByRole("dialog", { name: /Changed by commands/ }).waitFor();
    await command(page, "assign");
    await option(page, /You/).click();
    await page.getByText(`${ticket.key} assigned to`).waitFor();
    await command(page, "set pri");
    await option(page, /^Critical/).click();
    await page.getByText(`Priority of ${ticket.key} set to critical`).waitFor();
    const { priority, assigned_agent_id } = await read(ticket.ticket_id);
    expect(priority).toBe("critical");
    expect(assigned_agent_id).toMatch(/^user-/);
    await command(page, "copy");
    await page.getByText(`Link to ${ticket.key} copied`).or(page.getByText("Copying is blocked")).waitFor();
    const { status } = await read(ticket.ticket_id);
    await command(page, "resolve");
    await page.getByLabel("How was it resolved?").fill("With commands alone.");
    await page.getByRole("button", { name: "Resolve ticket" }).click();
    await page.getByText(`${ticket.key} resolved`).first().waitFor();
    expect((await read(ticket.ticket_id)).is_resolved).toBe(true);
    // Undo puts it back where it was.
    const toast = page.locator("[data-sonner-toast]", { hasText: `${ticket.key} resolved` });
    await toast.getByRole("button", { name: "Undo" }).click();
    await page.getByText(`${ticket.key} reopened`).first().waitFor();
    expect(await read(ticket.ticket_id)).toMatchObject({ is_resolved: false, status });
  });

  it("shows why the server refuses a move, from a page without the board", async () => {
    const context = await signedInMember(workflow, "Mover");
    const { members } = await api<{ members: { actor_id: string; name: string }[] }>(
      "GET",
      `/api/workflows/${workflow}/members`,
    );
    const me = members.find(({ name }) => name === "Mover")?.actor_id;
    const blocker = await createTicket(workflow, "In the way");
    const ticket = await createTicket(workflow, "Blocked one", {
      assigned_agent_id: me,
      blocked_by_ticket_ids: [blocker.ticket_id],
    });
    const page = await context.newPage();
    await page.goto("/my-work");
    await card(page, ticket.ticket_id).getByRole("link").focus();
    await page.keyboard.press("Control+k");
    await option(page, "Move to…").click();
    await option(page, "In Progress").click();
    await page.getByText(`${ticket.key} is blocked by`).first().waitFor();
    expect((await read(ticket.ticket_id)).status).toBe("todo");
  });
});

describe("everywhere", () => {
  it("creates a ticket in another workflow", async () => {
    const page = await openBoard(workflow);
    await command(page, "create ticket in");
    await page.getByPlaceholder("Choose a workflow").fill("Other palette");
    await option(page, /^Other palette/)
      .first()
      .click();
    await page.getByLabel("Title").fill("Created from afar");
    await page.getByLabel("Description").fill("With the palette of another board.");
    await page.getByRole("button", { name: "Create ticket" }).click();
    await page.getByRole("button", { name: "View ticket", exact: true }).click();
    await page.waitForURL(`**/w/${other}/t/*`);
    await page.getByRole("dialog", { name: /Created from afar/ }).waitFor();
  });

  it("switches the workflow", async () => {
    const page = await openBoard(workflow);
    await command(page, "switch work");
    await page.keyboard.press("Backspace");
    await page.getByPlaceholder(/^Search tickets/).fill("switch work");
    await option(page, "Switch workflow…").click();
    await page.getByPlaceholder("Choose a workflow").fill("Other palette");
    await option(page, /^Other palette/)
      .first()
      .click();
    await page.waitForURL(`**/w/${other}`);
    await waitUntilLive(page);
  });

  it("finds tickets of all workflows where none is open, on a phone", async () => {
    const found = await createTicket(other, "An aardvark digs");
    // The workflows that were used last are searched.
    const page = await (
      await signedIn({ viewport: { width: 375, height: 740 }, hasTouch: true, isMobile: true })
    ).newPage();
    await page.goto(`/w/${other}`);
    await waitUntilLive(page);
    await page.goto("/my-work");
    await page.getByRole("heading", { name: "My work" }).waitFor();
    await page.getByRole("button", { name: "Search", exact: true }).tap();
    await input(page).fill("aardvark");
    await option(page, /An aardvark digs/).waitFor();
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    await checkAccessibility(page);
    await screenshot(page, "phone-palette");
    await option(page, /An aardvark digs/).tap();
    await eventually("the ticket is open", async () => page.url().includes(found.ticket_id));
  });
});
