import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  api,
  checkAccessibility,
  createTicket,
  createWorkflow,
  eventually,
  openBoard,
  screenshot,
  signedIn,
  withBrowser,
} from "./harness";

withBrowser();

let workflow: string;
beforeAll(async () => {
  workflow = await createWorkflow("Search");
});

const box = (page: Page) => page.getByRole("combobox", { name: "Search tickets" });
const results = (page: Page) => page.getByRole("listbox", { name: "Search results" }).getByRole("option");

async function openSearch(address = ""): Promise<Page> {
  const page = await (await signedIn()).newPage();
  await page.goto(`/w/${workflow}/search${address}`);
  await box(page).waitFor();
  return page;
}

describe("command palette", () => {
  it("finds a ticket by a comment and opens it by keyboard", async () => {
    const ticket = await createTicket(workflow, "Nothing about it in the title");
    await api("POST", "/api/tickets/comment", {
      ticket_id: ticket.ticket_id,
      comment_text: "A word about hippopotami.",
    });
    const page = await openBoard(workflow);
    await page.keyboard.press("Control+k");
    await page.getByPlaceholder(/^Search tickets/).waitFor();
    await page.keyboard.type("hippopotami");
    await page.getByRole("option", { name: /Nothing about it/ }).waitFor();
    await checkAccessibility(page);
    await screenshot(page, "palette");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: /Nothing about it/ }).waitFor();
    expect(page.url()).toContain(ticket.ticket_id);
  });

  it("lists workflows and actions", async () => {
    const page = await openBoard(workflow);
    await page.getByRole("button", { name: "Search", exact: true }).click();
    await page.keyboard.type("account");
    await page.getByRole("option", { name: "Go to account settings" }).click();
    await page.getByRole("heading", { name: "API keys" }).waitFor();
  });

  it("opens the search page", async () => {
    await createTicket(workflow, "Walrus in the pipeline");
    const page = await openBoard(workflow);
    await page.keyboard.press("Control+k");
    await page.getByPlaceholder(/^Search tickets/).waitFor();
    await page.keyboard.type("walrus");
    await page.getByRole("option", { name: /See all results/ }).click();
    await results(page)
      .filter({ hasText: /Walrus in the pipeline/ })
      .waitFor();
    expect(await box(page).inputValue()).toBe("walrus");
  });
});

describe("search page", () => {
  it("searches while typing, highlights matches, and keeps the query in the URL", async () => {
    const ticket = await createTicket(workflow, "Giraffe cannot reach <b>the</b> queue", {
      description: "The giraffe waits at the queue & nobody lets it in.",
    });
    const page = await openSearch();
    await page.keyboard.type("giraffe que");
    const found = results(page).filter({ hasText: ticket.key });
    await found.waitFor();
    expect(await found.locator("mark", { hasText: /^giraffe$/i }).count()).toBeGreaterThan(0);
    expect(await found.locator("b").count()).toBe(0);
    await found.getByText("Giraffe cannot reach <b>the</b>", { exact: false }).first().waitFor();
    await eventually("the URL contains the query", async () => page.url().includes("q=giraffe+que"));
    const preview = page.getByRole("complementary", { name: "Preview" });
    await preview.getByText("nobody lets it in").waitFor();
    await preview.getByText("0 comments").waitFor();
    await checkAccessibility(page);
    await screenshot(page, "search");
    await page.reload();
    await found.waitFor();
    expect(await box(page).inputValue()).toBe("giraffe que");
  });

  it("navigates by arrow keys, opens on Enter, and restores the focus", async () => {
    const first = await createTicket(workflow, "Okapi okapi okapi");
    const second = await createTicket(workflow, "One okapi among many other words of a longer title");
    const page = await openSearch("?mode=keyword&q=okapi");
    await eventually("both tickets are listed", async () => (await results(page).count()) === 2);
    const order = await results(page).evaluateAll((rows) => rows.map((row) => (row as HTMLElement).dataset.result));
    expect(order.toSorted()).toEqual([first.ticket_id, second.ticket_id].toSorted());
    await box(page).focus();
    await page.keyboard.press("ArrowDown");
    const active = page.locator(`[data-result="${order[1]}"][aria-selected="true"]`);
    await active.waitFor();
    expect(await box(page).getAttribute("aria-activedescendant")).toBe(await active.getAttribute("id"));
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: /okapi/i }).waitFor();
    expect(page.url()).toContain(`/search/t/${order[1]}`);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await eventually("the input has the focus", () => box(page).evaluate((it) => it === document.activeElement));
    await results(page).nth(1).hover();
    await page.getByRole("complementary", { name: "Preview" }).getByRole("button", { name: /Open/ }).click();
    await page.getByRole("dialog", { name: /okapi/i }).waitFor();
  });

  it("filters, and offers to clear the filters without results", async () => {
    await createTicket(workflow, "Tapir eats the cache", { priority: "critical", tags: ["animals"] });
    await createTicket(workflow, "Tapir sleeps in the cache", { priority: "low", initial_status: "done" });
    const page = await openSearch("?mode=keyword&q=tapir");
    await eventually("both tickets are listed", async () => (await results(page).count()) === 2);
    const filters = page.getByRole("region", { name: "Filters" });
    await filters.getByRole("button", { name: "Critical" }).click();
    await eventually("one ticket is left", async () => (await results(page).count()) === 1);
    await results(page).filter({ hasText: "eats" }).waitFor();
    await filters.getByLabel("Filter by tag").fill("animals");
    await page.keyboard.press("Enter");
    await filters.getByRole("button", { name: "Remove tag animals" }).waitFor();
    await filters.getByRole("button", { name: "Low" }).click();
    await filters.getByRole("checkbox", { name: "Include completed" }).uncheck();
    await filters.getByRole("button", { name: "Critical" }).click();
    await page.getByRole("heading", { name: "No tickets found" }).waitFor();
    await checkAccessibility(page);
    const address = decodeURIComponent(page.url());
    expect(address).toContain('priority=["low"]');
    expect(address).toContain('tags=["animals"]');
    expect(address).toContain("open=true");
    await page.getByRole("button", { name: "Clear filters" }).click();
    await eventually("both tickets are listed again", async () => (await results(page).count()) === 2);
    await page.goBack();
    await page.getByRole("heading", { name: "No tickets found" }).waitFor();
  });

  it("searches by filters alone", async () => {
    await createTicket(workflow, "Dromedary", { tags: ["desert"] });
    await createTicket(workflow, "Camel", { tags: ["desert"] });
    const page = await openSearch('?tags=["desert"]');
    await eventually("both tickets are listed", async () => (await results(page).count()) === 2);
    await page.getByTestId("found").getByText("2 tickets").waitFor();
  });

  it("switches the search mode", async () => {
    const page = await openSearch("?q=giraffe");
    await page.getByRole("radio", { name: /^Keyword/ }).click();
    await eventually("the URL contains the mode", async () => page.url().includes("mode=keyword"));
    await results(page).first().waitFor();
    await page.getByRole("radio", { name: /^Hybrid/ }).click();
    await eventually("the URL omits the default mode", async () => !page.url().includes("mode="));
  });

  it("records searches whose results were opened, and clears them", async () => {
    await createTicket(workflow, "Capybara in charge");
    const page = await openSearch();
    await page.keyboard.type("capybara");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: /Capybara/ }).waitFor();
    await page.goto(`/w/${workflow}/search`);
    const recent = page.getByRole("region", { name: "Recent searches" });
    await recent.getByRole("button", { name: /^capybara/ }).click();
    await results(page).filter({ hasText: "Capybara" }).waitFor();
    await page.goto(`/w/${workflow}/search`);
    await recent.getByRole("button", { name: "Clear" }).click();
    await recent.waitFor({ state: "detached" });
    await page.reload();
    await page.getByRole("heading", { name: "Search tips" }).waitFor();
    expect(await recent.count()).toBe(0);
  });

  it("exports the results", async () => {
    const ticket = await createTicket(workflow, "Pangolin, with a comma");
    const page = await openSearch("?mode=keyword&q=pangolin");
    await results(page).first().waitFor();
    for (const [label, extension] of [
      ["CSV", "csv"],
      ["JSON", "json"],
      ["Markdown", "md"],
    ] as const) {
      await page.getByRole("button", { name: "Export results" }).click();
      const waiting = page.waitForEvent("download");
      await page.getByRole("menuitem", { name: label }).click();
      const download = await waiting;
      expect(download.suggestedFilename()).toMatch(new RegExp(`\\.${extension}$`));
      const text = await readFile(await download.path(), "utf8");
      expect(text).toContain(ticket.key);
      expect(text).toContain("Pangolin, with a comma");
    }
  });
});
