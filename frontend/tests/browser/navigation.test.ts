/** The sidebar, the bar of phones, "My work", the list of shortcuts, and shortcuts on other keyboard layouts. */
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  api,
  card,
  checkAccessibility,
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

let workflow: string;
let other: string;
let ticket: { ticket_id: string; key: string };
beforeAll(async () => {
  workflow = await createWorkflow("Navigation");
  other = await createWorkflow("Second board");
  ticket = await createTicket(workflow, "Open me from anywhere");
});

const phone = { viewport: { width: 375, height: 740 }, hasTouch: true, isMobile: true };
const main = (page: Page) => page.getByRole("navigation", { name: "Main" });
const overflow = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

/** A key as a keyboard of another layout sends it. */
function press(page: Page, key: string, code: string, more: { ctrlKey?: boolean; isComposing?: boolean } = {}) {
  return page.evaluate(
    ([eventKey, eventCode, init]) =>
      void document.body.dispatchEvent(
        new KeyboardEvent("keydown", { key: eventKey, code: eventCode, bubbles: true, cancelable: true, ...init }),
      ),
    [key, code, more] as const,
  );
}

/** A new member of both workflows. */
async function member(name: string, options = {}): Promise<{ page: Page; id: string }> {
  const context = await signedInMember(workflow, name, options);
  const { members } = await api<{ members: { actor_id: string; name: string }[] }>(
    "GET",
    `/api/workflows/${workflow}/members`,
  );
  const id = members.find((each) => each.name === name)?.actor_id ?? "";
  await api("PUT", `/api/workflows/${other}/members/${id}`, { role: "member" });
  return { page: await context.newPage(), id };
}

describe("a workflow that is not there", () => {
  it("is named on each of its pages, with a way back", async () => {
    const page = await (await signedIn()).newPage();
    const pages = ["", "/search", "/jobs", "/agents", "/agents/new", "/apps", "/statistics", "/import"];
    for (const path of [...pages, "/settings", "/settings/board", "/settings/security", "?at=2026-01-01T00:00:00Z"]) {
      await page.goto(`/w/workflow-nowhere${path}`);
      await page.getByRole("heading", { name: "Workflow not found" }).waitFor();
      expect(await page.getByRole("link", { name: "Go to workflows" }).count(), path).toBe(1);
    }
    await page.getByRole("link", { name: "Go to workflows" }).click();
    await page.getByRole("heading", { name: "Workflows" }).waitFor();
  });
});

describe("sidebar", () => {
  it("leads to the pages of the workflow and of all workflows", async () => {
    const page = await openBoard(workflow);
    expect(await main(page).getByRole("link", { name: "Board", exact: true }).getAttribute("aria-current")).toBe(
      "page",
    );
    await main(page).getByRole("link", { name: "Jobs", exact: true }).click();
    await page.getByRole("heading", { name: /^Jobs in/ }).waitFor();
    expect(await main(page).locator('[aria-current="page"]').allTextContents()).toEqual(["Jobs"]);
    await main(page).getByRole("link", { name: "Settings", exact: true }).click();
    await page.getByRole("heading", { name: /^Settings for/ }).waitFor();
    await main(page)
      .getByRole("link", { name: /^Inbox/ })
      .click();
    await page.getByRole("heading", { name: "Approvals", exact: true }).waitFor();
    // The pages of the last board stay.
    await main(page).getByRole("link", { name: "Board", exact: true }).click();
    await card(page, ticket.ticket_id).waitFor();
  });

  it("is collapsed by a key, and stays so", async () => {
    const page = await openBoard(workflow);
    await page.keyboard.press("Control+b");
    await main(page).getByRole("button", { name: "Expand the sidebar" }).waitFor();
    await main(page).getByRole("link", { name: "Jobs", exact: true }).focus();
    await page.reload();
    await waitUntilLive(page);
    await main(page).getByRole("button", { name: "Expand the sidebar" }).click();
    await main(page).getByText("My work").waitFor();
  });

  it("pins boards", async () => {
    const { page } = await member("Pinner");
    await page.goto(`/w/${workflow}`);
    await waitUntilLive(page);
    const boards = main(page).getByRole("region", { name: "Boards" }).getByRole("listitem");
    await boards.nth(1).waitFor();
    await main(page)
      .getByRole("button", { name: /^Pin Second board/ })
      .focus();
    await page.keyboard.press("Enter");
    await boards.first().getByText("Second board").waitFor();
    await page.reload();
    await boards.first().getByText("Second board").waitFor();
    await boards.first().getByRole("link").click();
    await page.waitForURL(`**/w/${other}`);
  });

  it("is reached by skipping nothing but the link to the content", async () => {
    const page = await openBoard(workflow);
    await page.keyboard.press("Tab");
    await page.getByRole("link", { name: "Skip to content" }).press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("content");
  });
});

describe("phone", () => {
  it("has a bar with the main pages, and the others in a menu", async () => {
    const page = await openBoard(workflow, phone);
    await main(page).getByRole("link", { name: "My work" }).tap();
    await page.getByRole("heading", { name: "My work" }).waitFor();
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    await main(page).getByRole("button", { name: "More" }).tap();
    await screenshot(page, "phone-more");
    await page.getByRole("menuitem", { name: "Jobs", exact: true }).tap();
    await page.getByRole("heading", { name: /^Jobs in/ }).waitFor();
    await main(page).getByRole("link", { name: "Board" }).tap();
    await waitUntilLive(page);
    await checkAccessibility(page);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    await screenshot(page, "phone-bar");
  });
});

describe("my work", () => {
  for (const colorScheme of ["light", "dark"] as const) {
    it(`shows tickets of all workflows by column, live, in ${colorScheme}`, async () => {
      const { page, id } = await member(`Worker${colorScheme}`, { colorScheme });
      await page.goto("/my-work");
      await page.getByRole("heading", { name: "No tickets are assigned to you" }).waitFor();
      const first = await createTicket(workflow, "Mine to do", { assigned_agent_id: id, priority: "high" });
      await createTicket(other, "Mine elsewhere", { assigned_agent_id: id });
      await page.goto("/my-work");
      await page
        .getByRole("region", { name: /^Second board/ })
        .getByText("Mine elsewhere")
        .waitFor();
      const section = page.getByRole("region", { name: /^Navigation/ });
      await section.getByRole("heading", { name: /^To Do/ }).waitFor();
      await waitUntilLive(page);
      await moveTicket(first.ticket_id, "in_progress");
      await section.getByRole("heading", { name: /^In Progress/ }).waitFor();
      await checkAccessibility(page);
      await screenshot(page, `my-work-${colorScheme}`);
      await page.keyboard.press("j");
      await eventually("a ticket has the focus", () =>
        page.evaluate(() => document.activeElement?.closest("[data-ticket]") !== null),
      );
      await page.keyboard.press("Enter");
      await page.getByRole("dialog", { name: /Mine/ }).waitFor();
    });
  }
});

describe("shortcuts", () => {
  for (const colorScheme of ["light", "dark"] as const) {
    it(`are listed by ? and found, in ${colorScheme}`, async () => {
      const page = await openBoard(workflow, { colorScheme });
      await page.keyboard.press("?");
      const sheet = page.getByRole("dialog", { name: "Keyboard shortcuts" });
      await sheet.getByText("New ticket").waitFor();
      await checkAccessibility(page);
      await screenshot(page, `shortcuts-${colorScheme}`);
      await page.keyboard.type("past");
      await sheet.getByText("Board at a past moment").waitFor();
      expect(await sheet.getByText("New ticket").count()).toBe(0);
      await page.keyboard.press("Escape");
      await sheet.waitFor({ state: "detached" });
    });
  }

  it("work on a Cyrillic keyboard, and not while a word is composed", async () => {
    const page = await openBoard(workflow);
    await press(page, "т", "KeyN", { isComposing: true });
    await press(page, "т", "KeyN");
    await page.getByRole("dialog", { name: "New ticket" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog", { name: "New ticket" }).waitFor({ state: "detached" });
    await press(page, "л", "KeyK", { ctrlKey: true });
    await page.getByPlaceholder(/^Search tickets/).waitFor();
  });
});

describe("history", () => {
  it("does not open a closed ticket again", async () => {
    const page = await (await signedIn()).newPage();
    await page.goto("/account");
    await page.getByRole("heading", { name: "API keys" }).waitFor();
    await page.goto(`/w/${workflow}`);
    await waitUntilLive(page);
    const drawer = page.getByRole("dialog", { name: /Open me from anywhere/ });
    await card(page, ticket.ticket_id).getByRole("link").click();
    await drawer.waitFor();
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "detached" });
    expect(new URL(page.url()).pathname).toBe(`/w/${workflow}`);
    await page.goBack();
    await page.getByRole("heading", { name: "API keys" }).waitFor();
    await page.goto(`/w/${workflow}/t/${ticket.ticket_id}`);
    await drawer.waitFor();
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "detached" });
    await page.goBack();
    await page.getByRole("heading", { name: "API keys" }).waitFor();
  });
});
