import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  api,
  card,
  cardIn,
  cardTitles,
  column,
  createTicket,
  createWorkflow,
  eventually,
  moveTicket,
  openBoard,
  screenshot,
  withBrowser,
} from "./harness";

withBrowser();

let workflow: string;
beforeAll(async () => {
  workflow = await createWorkflow("Board");
});

/** Drags a card with the mouse, in steps. */
async function drag(page: Page, ticketId: string, to: { x: number; y: number }): Promise<void> {
  const box = await card(page, ticketId).boundingBox();
  if (!box) throw new Error("the card is not rendered");
  await page.mouse.move(box.x + box.width / 2, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2 + 12, box.y + 28, { steps: 3 });
  await page.mouse.move(to.x, to.y, { steps: 12 });
  await page.mouse.move(to.x + 1, to.y, { steps: 2 });
  await page.mouse.up();
}

/** Picks up the focused card and waits for the drag to start, because dnd-kit ignores keys before that. */
async function pickUp(page: Page): Promise<void> {
  await page.keyboard.press("Space");
  await page.getByTestId("ghost").waitFor();
}

const statusOf = async (id: string) => (await api<{ status: string }>("GET", `/api/tickets/${id}`)).status;

describe("board", () => {
  it("renders columns, counts and cards", async () => {
    const ticket = await createTicket(workflow, "Draw me", { priority: "critical", tags: ["paint"] });
    const page = await openBoard(workflow);
    await cardIn(page, "todo", ticket.ticket_id).getByText("Draw me").waitFor();
    await card(page, ticket.ticket_id).getByText("paint").waitFor();
    await card(page, ticket.ticket_id).getByRole("img", { name: "Critical priority" }).waitFor();
    for (const name of ["Backlog", "To Do", "In Progress", "Done"]) {
      await page.getByRole("heading", { name, exact: true }).waitFor();
    }
    await screenshot(page, "board");
  });

  it("shows changes by others without a reload", async () => {
    const page = await openBoard(workflow);
    const ticket = await createTicket(workflow, "Appears live");
    await cardIn(page, "todo", ticket.ticket_id).waitFor();
    await moveTicket(ticket.ticket_id, "in_progress");
    await cardIn(page, "in_progress", ticket.ticket_id).waitFor();
    await api("POST", "/api/tickets/update", { ticket_id: ticket.ticket_id, updates: { title: "Renamed live" } });
    await card(page, ticket.ticket_id).getByText("Renamed live").waitFor();
    await api("DELETE", `/api/tickets/${ticket.ticket_id}`);
    await card(page, ticket.ticket_id).waitFor({ state: "detached" });
  });

  it("moves a card by mouse, visible in a second browser", async () => {
    const ticket = await createTicket(workflow, "Drag me over");
    const [one, two] = [await openBoard(workflow), await openBoard(workflow)];
    await card(two, ticket.ticket_id).waitFor();
    await card(one, ticket.ticket_id).waitFor();
    const target = await column(one, "review").boundingBox();
    if (!target) throw new Error("no column");
    await drag(one, ticket.ticket_id, { x: target.x + 120, y: target.y + 120 });
    await cardIn(one, "review", ticket.ticket_id).waitFor();
    await cardIn(two, "review", ticket.ticket_id).waitFor();
    await eventually("the move is stored", async () => (await statusOf(ticket.ticket_id)) === "review");
  });

  it("reorders cards, and keeps the order after a reload", async () => {
    const own = await createWorkflow("Order");
    const [first, , third] = [
      await createTicket(own, "First of three"),
      await createTicket(own, "Second of three"),
      await createTicket(own, "Third of three"),
    ];
    const page = await openBoard(own);
    await card(page, third.ticket_id).waitFor();
    const before = await cardTitles(page, "todo");
    expect(before).toHaveLength(3);
    const top = await card(page, first.ticket_id).boundingBox();
    if (!top) throw new Error("no card");
    // A drop near the upper edge of the first card puts it before that card.
    await drag(page, third.ticket_id, { x: top.x + 100, y: top.y + 4 });
    const wanted = ["Third of three", "First of three", "Second of three"];
    await eventually("the new order is shown", async () => (await cardTitles(page, "todo")).join() === wanted.join());
    await eventually("the new order is stored", async () => {
      const { tickets } = await api<{ tickets: Array<{ title: string; rank: string; number: number }> }>(
        "GET",
        `/api/board/${own}`,
      );
      tickets.sort((a, b) => (a.rank < b.rank ? -1 : a.rank > b.rank ? 1 : a.number - b.number));
      return tickets.map(({ title }) => title).join() === wanted.join();
    });
    await page.reload();
    await eventually(
      "the order is the same after the reload",
      async () => (await cardTitles(page, "todo")).join() === wanted.join(),
    );
  });

  it("moves a card by keyboard, announces it, and keeps the focus", async () => {
    const ticket = await createTicket(workflow, "Carry me by keys");
    const page = await openBoard(workflow);
    const handle = page.getByRole("button", { name: `Move ${ticket.key}`, exact: true });
    await handle.focus();
    await pickUp(page);
    await page.keyboard.press("ArrowRight");
    await page
      .getByTestId("announcer")
      .getByText(/In Progress, position \d+ of \d+/)
      .waitFor();
    await page.keyboard.press("Space");
    await cardIn(page, "in_progress", ticket.ticket_id).waitFor();
    await eventually("the move is stored", async () => (await statusOf(ticket.ticket_id)) === "in_progress");
    await eventually("the handle has the focus", async () =>
      page.evaluate((id) => (document.activeElement as HTMLElement | null)?.dataset.handle === id, ticket.ticket_id),
    );
    await pickUp(page);
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Escape");
    expect(await statusOf(ticket.ticket_id)).toBe("in_progress");
  });

  it("moves a card by touch after a long press", async () => {
    const ticket = await createTicket(workflow, "Hold and drag me");
    const page = await openBoard(workflow, { viewport: { width: 800, height: 700 }, hasTouch: true });
    await card(page, ticket.ticket_id).scrollIntoViewIfNeeded();
    const [box, target] = [
      await card(page, ticket.ticket_id).boundingBox(),
      await column(page, "backlog").boundingBox(),
    ];
    if (!box || !target) throw new Error("not rendered");
    const cdp = await page.context().newCDPSession(page);
    const touch = (type: "touchStart" | "touchMove" | "touchEnd", x = 0, y = 0) =>
      cdp.send("Input.dispatchTouchEvent", { type, touchPoints: type === "touchEnd" ? [] : [{ x, y }] });
    const from = { x: box.x + 60, y: box.y + 30 };
    await touch("touchStart", from.x, from.y);
    await page.getByTestId("ghost").waitFor();
    for (let step = 1; step <= 10; step += 1) {
      const part = step / 10;
      await touch("touchMove", from.x + (target.x + 100 - from.x) * part, from.y + (target.y + 120 - from.y) * part);
    }
    await touch("touchEnd");
    await cardIn(page, "backlog", ticket.ticket_id).waitFor();
    await eventually("the move is stored", async () => (await statusOf(ticket.ticket_id)) === "backlog");
  });

  it("moves a card by its menu", async () => {
    const ticket = await createTicket(workflow, "Move me by menu");
    const page = await openBoard(workflow);
    await page.getByRole("button", { name: `Actions for ${ticket.key}`, exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("menuitem", { name: "Move to…" }).focus();
    await page.keyboard.press("ArrowRight");
    await page.getByRole("menuitem", { name: "Testing" }).focus();
    await page.keyboard.press("Enter");
    await cardIn(page, "testing", ticket.ticket_id).waitFor();
  });

  it("rolls back the move of a blocked card and names the blocker", async () => {
    const blocker = await createTicket(workflow, "I am in the way");
    const ticket = await createTicket(workflow, "I must wait", { blocked_by_ticket_ids: [blocker.ticket_id] });
    const page = await openBoard(workflow);
    await card(page, ticket.ticket_id).getByText("Blocked").waitFor();
    await page.getByRole("button", { name: `Move ${ticket.key}`, exact: true }).focus();
    await pickUp(page);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Space");
    await page.getByText(`${ticket.key} is blocked by ${blocker.key}`).first().waitFor();
    await cardIn(page, "todo", ticket.ticket_id).waitFor();
    expect(await statusOf(ticket.ticket_id)).toBe("todo");
    await screenshot(page, "blocked");
  });

  it("filters by text and field, and keeps the filter in the URL", async () => {
    const ticket = await createTicket(workflow, "Unmistakable zebra", { priority: "low" });
    const page = await openBoard(workflow);
    await page.keyboard.press("/");
    await page.keyboard.type("zebra");
    await eventually("one is left", async () =>
      /^1 of /.test((await page.getByTestId("ticket-total").textContent()) ?? ""),
    );
    await card(page, ticket.ticket_id).waitFor();
    await page.getByLabel("Priority", { exact: true }).selectOption("high");
    await card(page, ticket.ticket_id).waitFor({ state: "detached" });
    expect(page.url()).toMatch(/q=zebra.*priority=high/);
    await page.reload();
    await page
      .getByTestId("ticket-total")
      .getByText(/^0 of /)
      .waitFor();
    await page.getByRole("button", { name: "Clear filters" }).click();
    await card(page, ticket.ticket_id).waitFor();
  });

  it("creates a ticket", async () => {
    const page = await openBoard(workflow);
    await page.keyboard.press("n");
    await page.getByLabel("Title").fill("Written in the browser");
    await page.getByLabel("Description").fill("Short");
    await page.getByRole("button", { name: "Create ticket" }).click();
    await page.getByText("At least 10 characters.").waitFor();
    await page.getByLabel("Description").fill("With a description that is long enough.");
    await screenshot(page, "new-ticket");
    await page.getByRole("button", { name: "Create ticket" }).click();
    await column(page, "backlog").getByText("Written in the browser").waitFor();
  });

  it("collapses and expands a column", async () => {
    const page = await openBoard(workflow);
    await page.getByRole("button", { name: "Collapse Backlog" }).click();
    await page.getByRole("button", { name: /^Expand Backlog/ }).waitFor();
    await page.reload();
    await page.getByRole("button", { name: /^Expand Backlog/ }).click();
    await page.getByRole("heading", { name: "Backlog" }).waitFor();
  });
});
