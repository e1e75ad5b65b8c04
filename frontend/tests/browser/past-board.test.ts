/** Boards of past moments: how they are reached, what they show, and that the live board goes on. */
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  api,
  type CreatedTicket,
  card,
  cardIn,
  checkAccessibility,
  column,
  createTicket,
  createWorkflow,
  eventually,
  moveTicket,
  openBoard,
  screenshot,
  signedIn,
  signedInMember,
  waitUntilLive,
  withBrowser,
} from "./harness";

withBrowser();

interface EventPage {
  events: Array<{ seq: number; timestamp: string; type: string; ticket_id: string | null }>;
}

let workflow: string;
let moved: CreatedTicket;
let finished: CreatedTicket;
let removed: CreatedTicket;
let late: CreatedTicket;
/** Before the changes, and after them. */
let [before, after] = ["", ""];

async function lastMoment(id: string): Promise<string> {
  const { events } = await api<EventPage>("GET", `/api/workflows/${id}/events?since=0&limit=500`);
  return events.at(-1)?.timestamp ?? "";
}

const pastUrl = (at: string, more = "") => `/w/${workflow}?at=${encodeURIComponent(at)}${more}`;

async function openPast(at: string, more = "", options: Parameters<typeof signedIn>[0] = {}): Promise<Page> {
  const page = await (await signedIn(options)).newPage();
  await page.goto(pastUrl(at, more));
  await page.getByTestId("past-columns").waitFor();
  return page;
}

const seqOf = async (page: Page) => Number(await page.getByTestId("past-columns").getAttribute("data-seq"));

/** Makes a change of the page, and waits until another board is shown. */
async function step(page: Page, act: () => Promise<void>): Promise<number> {
  const from = await seqOf(page);
  await act();
  await eventually("another board is shown", async () => (await seqOf(page)) !== from);
  return seqOf(page);
}

beforeAll(async () => {
  workflow = await createWorkflow("Past");
  moved = await createTicket(workflow, "Moves to review later", { priority: "high", tags: ["slow"] });
  finished = await createTicket(workflow, "Is finished later");
  removed = await createTicket(workflow, "Is deleted later");
  for (let n = 1; n <= 6; n += 1) await createTicket(workflow, `Stays where it is ${n}`, { initial_status: "backlog" });
  before = await lastMoment(workflow);
  await moveTicket(moved.ticket_id, "review");
  await api("POST", "/api/tickets/update", { ticket_id: moved.ticket_id, updates: { priority: "critical" } });
  await moveTicket(finished.ticket_id, "done");
  await api("DELETE", `/api/tickets/${removed.ticket_id}`);
  late = await createTicket(workflow, "Did not exist then");
  after = await lastMoment(workflow);
});

describe("the board of a past moment", () => {
  it("is opened from the board's menu, by key and from the palette, and left again", async () => {
    const page = await openBoard(workflow);
    await page.getByRole("button", { name: "Board menu" }).click();
    await page.getByRole("menuitem", { name: "Board at…" }).click();
    await page
      .getByTestId("past-banner")
      .getByText(/^Board as of \d+ \w+ \d{4}, \d\d:\d\d/)
      .waitFor();
    expect(page.url()).toMatch(/\?at=20/);
    await page.getByRole("button", { name: "Back to now" }).click();
    await waitUntilLive(page);
    await cardIn(page, "review", moved.ticket_id).waitFor();
    expect(page.url()).not.toContain("at=");

    await page.keyboard.press("h");
    await page.getByTestId("past-banner").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "New ticket", exact: true }).waitFor();

    await page.keyboard.press("Control+k");
    await page.getByPlaceholder(/Search/).fill("board at");
    await page.getByRole("option", { name: "Board at…" }).click();
    await page.getByTestId("past-banner").waitFor();
    await page.goBack();
    await page.getByRole("button", { name: "New ticket", exact: true }).waitFor();
  });

  it("shows the tickets as they were, by a link, and nothing to change", async () => {
    const page = await openPast(before);
    await cardIn(page, "todo", moved.ticket_id).getByRole("img", { name: "High priority" }).waitFor();
    await cardIn(page, "todo", finished.ticket_id).waitFor();
    await cardIn(page, "todo", removed.ticket_id).waitFor();
    expect(await card(page, late.ticket_id).count()).toBe(0);
    await page.getByTestId("ticket-total").getByText("9 tickets").waitFor();
    for (const name of [/^New ticket/, /^Move TKT/, /^Actions for/]) {
      expect(await page.getByRole("button", { name }).count()).toBe(0);
    }
    // A card shows its values of that time beside the board.
    await card(page, moved.ticket_id).getByRole("link").click();
    const aside = page.getByRole("complementary", { name: "Changes" });
    await aside.getByText(`${moved.key}`).waitFor();
    await aside.locator("dd", { hasText: "High" }).waitFor();
    await aside.getByRole("button", { name: "Open as it is now" }).click();
    await page.getByRole("dialog").getByText("Moves to review later").first().waitFor();
    await page.goBack();
    await page.getByTestId("past-banner").waitFor();
  });

  it("stays as it is while the live board goes on", async () => {
    const own = await createWorkflow("Goes on");
    const ticket = await createTicket(own, "Moves while nobody looks");
    const then = await lastMoment(own);
    const page = await openBoard(own);
    await cardIn(page, "todo", ticket.ticket_id).waitFor();
    await page.keyboard.press("h");
    await page.getByTestId("past-banner").waitFor();
    await page.goto(`/w/${own}?at=${encodeURIComponent(then)}`);
    await cardIn(page, "todo", ticket.ticket_id).waitFor();
    await page.getByRole("button", { name: "Back to now" }).click();
    await waitUntilLive(page);
    // The connection is live before the board is there; one that is still loading would be loaded again later.
    await page.getByTestId("past-banner").waitFor({ state: "detached" });
    await cardIn(page, "todo", ticket.ticket_id).waitFor();
    await page.goBack();
    await page.getByTestId("past-banner").waitFor();
    await cardIn(page, "todo", ticket.ticket_id).waitFor();

    const boards: string[] = [];
    page.on("request", (request) => {
      if (request.url().endsWith(`/api/board/${own}`)) boards.push(request.url());
    });
    await moveTicket(ticket.ticket_id, "testing");
    const added = await createTicket(own, "Created while nobody looks");
    // The title of a ticket in another page shows that the events are out.
    const other = await openBoard(own);
    await card(other, added.ticket_id).waitFor();
    await cardIn(page, "todo", ticket.ticket_id).waitFor();
    expect(await card(page, added.ticket_id).count()).toBe(0);
    await page.getByRole("button", { name: "Back to now" }).click();
    await cardIn(page, "testing", ticket.ticket_id).waitFor();
    await card(page, added.ticket_id).waitFor();
    // The live board's room goes on from where it was.
    expect(boards).toEqual([]);
  });

  it("lists what changed since, and highlights the card of an entry", async () => {
    const page = await openPast(before);
    const aside = page.getByRole("complementary", { name: "Changes" });
    const entry = (ticket: CreatedTicket) => aside.locator(`[data-change="${ticket.ticket_id}"]`);
    await aside.getByTestId("past-range").getByText("now").waitFor();
    await entry(moved).getByText("To Do → Code Review").waitFor();
    await entry(moved).getByText("Priority: high → critical").waitFor();
    const group = (name: string) => aside.getByRole("region", { name });
    await group("Completed 1").locator(`[data-change="${finished.ticket_id}"]`).waitFor();
    await group("Moved 1").locator(`[data-change="${moved.ticket_id}"]`).waitFor();
    await group("Added 1").locator(`[data-change="${late.ticket_id}"]`).waitFor();
    await group("Deleted or merged 1").locator(`[data-change="${removed.ticket_id}"]`).waitFor();

    await page.getByRole("button", { name: "Collapse To Do" }).click();
    await entry(moved).click();
    await column(page, "todo").locator(`[data-ticket="${moved.ticket_id}"][aria-current="true"]`).waitFor();
    await entry(late).click();
    await aside.getByText("Not on the board of this moment.").waitFor();
    await screenshot(page, "past-board");

    // Looking back from the other end gives the same changes.
    await page.goto(pastUrl(after));
    await aside.getByLabel("Compare with").selectOption("start");
    await entry(late).waitFor();
    expect(page.url()).toContain("compare=start");
    await page.reload();
    await entry(late).waitFor();
  });

  it("is stepped through event by event, by day, by date and by slider", async () => {
    const page = await openPast(before);
    const first = await seqOf(page);
    const later = await step(page, () => page.getByRole("button", { name: "One event later" }).click());
    expect(later).toBeGreaterThan(first);
    await cardIn(page, "review", moved.ticket_id).waitFor();
    await page.getByText(`${moved.key} moved to Code Review.`).waitFor();
    expect(await step(page, () => page.getByRole("button", { name: "One event earlier" }).click())).toBe(first);
    await cardIn(page, "todo", moved.ticket_id).waitFor();
    const next = await step(page, () => page.keyboard.press("]"));
    expect(next).toBe(later);
    // The workflow is not a day old.
    expect(await page.getByRole("button", { name: "A day later" }).getAttribute("aria-disabled")).toBe("true");
    const start = await step(page, () => page.getByRole("button", { name: "A day earlier" }).click());
    await page.getByRole("slider", { name: "Moment" }).focus();
    const end = await step(page, () => page.keyboard.press("PageUp"));
    expect(end).toBeGreaterThanOrEqual(0);
    await page.getByTestId("past-moment").fill("2020-01-01T10:00");
    await page.getByTestId("past-moment").press("Enter");
    // Dates before the workflow are moved to its beginning.
    await eventually("the first board is shown", async () => (await seqOf(page)) === start);
    await page.getByRole("button", { name: "Play" }).click();
    await cardIn(page, "done", finished.ticket_id).waitFor();
    await card(page, late.ticket_id).waitFor();
  });

  it("says plainly why there is none", async () => {
    const page = await openPast(before);
    await page.goto(pastUrl("2019-05-01T10:00:00Z"));
    await page.getByRole("heading", { name: "There was no board yet" }).waitFor();
    await page.getByText(/This workflow was created on \d+ \w+ \d{4}, \d\d:\d\d/).waitFor();
    await page.getByRole("button", { name: "Show the first board" }).click();
    await page.getByTestId("past-columns").waitFor();
    await page.goto(pastUrl("2999-01-01T10:00:00Z"));
    await page.getByRole("heading", { name: "This moment has not come yet" }).waitFor();
    await page.goto(pastUrl("last Tuesday"));
    await page.getByRole("heading", { name: "This link has no valid time" }).waitFor();
    await page.getByRole("button", { name: "Show the board of now" }).click();
    await cardIn(page, "review", moved.ticket_id).waitFor();

    const stranger = await (await signedInMember(await createWorkflow("Elsewhere"), "Stranger")).newPage();
    await stranger.goto(pastUrl(before));
    await stranger.getByRole("heading", { name: "Workflow not found" }).waitFor();
  });

  it("is loaded once the connection is back", async () => {
    const page = await openPast(before);
    await page.context().setOffline(true);
    await page.getByRole("button", { name: "One event earlier" }).click();
    await page.getByRole("heading", { name: "Cannot reach the server" }).waitFor();
    await page.context().setOffline(false);
    await page.evaluate(() => window.dispatchEvent(new Event("online")));
    await page.getByTestId("past-columns").waitFor();
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it(`is accessible in the ${colorScheme} theme`, async () => {
      const page = await openPast(before, "", { colorScheme });
      await page.locator(`[data-change="${moved.ticket_id}"]`).click();
      await column(page, "todo").locator('[aria-current="true"]').waitFor();
      await checkAccessibility(page);
      await screenshot(page, `past-board-${colorScheme}`);
      await card(page, moved.ticket_id).getByRole("link").click();
      await page.getByRole("button", { name: "Open as it is now" }).waitFor();
      await checkAccessibility(page);
      await screenshot(page, `past-ticket-${colorScheme}`);
    });
  }

  it("fits on a phone, where the changes cover the board", async () => {
    const page = await openPast(before, "", { viewport: { width: 375, height: 720 }, hasTouch: true });
    const aside = page.getByRole("complementary", { name: "Changes" });
    expect(await aside.count()).toBe(0);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(375);
    await screenshot(page, "past-phone");
    await page.getByRole("button", { name: "Changes", exact: true }).click();
    await aside.locator(`[data-change="${moved.ticket_id}"]`).waitFor();
    await checkAccessibility(page);
    await screenshot(page, "past-phone-changes");
    await aside.locator(`[data-change="${moved.ticket_id}"]`).click();
    await aside.waitFor({ state: "detached" });
    await column(page, "todo").locator(`[data-ticket="${moved.ticket_id}"][aria-current="true"]`).waitFor();
    await screenshot(page, "past-phone-card");
  });
});
