import { beforeAll, describe, expect, it } from "vitest";
import {
  card,
  checkAccessibility,
  column,
  createTicket,
  createWorkflow,
  openBoard,
  openContext,
  screenshot,
  signedIn,
  signedInMember,
  waitUntilLive,
  withBrowser,
} from "./harness";

withBrowser();

let workflow: string;
let ticket: { ticket_id: string };
beforeAll(async () => {
  workflow = await createWorkflow("Pages");
  const blocker = await createTicket(workflow, "A ticket with much about it", {
    tags: ["one", "two"],
    priority: "critical",
  });
  ticket = await createTicket(workflow, "Another ticket", {
    blocked_by_ticket_ids: [blocker.ticket_id],
    description: "# Title\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\ncode\n```\n\n[link](https://example.com)",
  });
  await createTicket(workflow, "Finished", { initial_status: "done" });
});

for (const colorScheme of ["light", "dark"] as const) {
  describe(`pages in ${colorScheme}`, () => {
    it("sign-in is accessible", async () => {
      const page = await (await openContext({ colorScheme })).newPage();
      await page.goto("/sign-in");
      await page.getByLabel("Password").waitFor();
      await checkAccessibility(page);
    });

    it("workflows and their dialog are accessible", async () => {
      const page = await (await signedIn({ colorScheme })).newPage();
      await page.goto("/");
      await page.getByRole("heading", { name: "Workflows" }).waitFor();
      await checkAccessibility(page);
      await page.getByRole("button", { name: "New workflow" }).click();
      await page.getByRole("radio").first().waitFor();
      await checkAccessibility(page);
      await screenshot(page, `new-workflow-${colorScheme}`);
    });

    it("board, card menu and ticket are accessible", async () => {
      const page = await openBoard(workflow, { colorScheme });
      await card(page, ticket.ticket_id).waitFor();
      await checkAccessibility(page);
      await screenshot(page, `board-${colorScheme}`);
      await page.goto(`/w/${workflow}/t/${ticket.ticket_id}`);
      await page
        .getByRole("dialog", { name: /Another ticket/ })
        .getByRole("link", { name: "link" })
        .waitFor();
      await waitUntilLive(page);
      await checkAccessibility(page);
      await screenshot(page, `ticket-${colorScheme}`);
    });

    it("search is accessible", async () => {
      const page = await (await signedIn({ colorScheme })).newPage();
      await page.goto(`/w/${workflow}/search?q=another+ticket`);
      await page.locator(`[data-result="${ticket.ticket_id}"]`).hover();
      await page.getByRole("complementary", { name: "Preview" }).getByRole("link", { name: "link" }).waitFor();
      await checkAccessibility(page);
      await screenshot(page, `search-${colorScheme}`);
    });

    it("settings and account are accessible", async () => {
      const page = await (await signedIn({ colorScheme })).newPage();
      await page.goto(`/w/${workflow}/settings`);
      await page.getByRole("heading", { name: "Members" }).waitFor();
      await checkAccessibility(page);
      await screenshot(page, `settings-${colorScheme}`);
      // The administrator's list of sessions grows with each test, and the check gets slow with it.
      const account = await (await signedInMember(workflow, "Account", { colorScheme })).newPage();
      await account.goto("/account");
      await account.getByRole("heading", { name: "API keys" }).waitFor();
      await checkAccessibility(account);
      await screenshot(account, `account-${colorScheme}`);
    });
  });
}

describe("phone", () => {
  const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

  it("board and ticket fit the screen", async () => {
    const page = await openBoard(workflow, phone);
    await card(page, ticket.ticket_id).waitFor({ state: "attached" });
    const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(await overflow()).toBeLessThanOrEqual(0);
    await screenshot(page, "phone-board");
    await column(page, "todo").scrollIntoViewIfNeeded();
    await card(page, ticket.ticket_id).getByRole("link").tap();
    const box = await page.getByRole("dialog", { name: /Another ticket/ }).boundingBox();
    expect(box?.width).toBeGreaterThanOrEqual(389);
    expect(await overflow()).toBeLessThanOrEqual(0);
    await screenshot(page, "phone-ticket");
  });

  it("search fits the screen with and without filters", async () => {
    const page = await (await signedIn(phone)).newPage();
    await page.goto(`/w/${workflow}/search?q=another+ticket`);
    const found = page.locator(`[data-result="${ticket.ticket_id}"]`);
    await found.waitFor();
    const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(await overflow()).toBeLessThanOrEqual(0);
    await screenshot(page, "phone-search");
    await page.getByRole("button", { name: /Filters/ }).tap();
    await page.getByRole("heading", { name: "Saved searches" }).waitFor();
    expect(await overflow()).toBeLessThanOrEqual(0);
    await checkAccessibility(page);
    await page.getByRole("button", { name: /Filters/ }).tap();
    await found.tap();
    const box = await page.getByRole("dialog", { name: /Another ticket/ }).boundingBox();
    expect(box?.width).toBeGreaterThanOrEqual(389);
  });
});
