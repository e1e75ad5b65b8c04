/** Enter in search inputs while the response of the search is delayed. */
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { type CreatedTicket, createTicket, createWorkflow, openBoard, signedIn, withBrowser } from "./harness";

withBrowser();

let workflow: string;
let wanted: CreatedTicket;
beforeAll(async () => {
  workflow = await createWorkflow("Enter");
  await createTicket(workflow, "Zorilla beneath the stairs");
  wanted = await createTicket(workflow, "Numbat beside the tree");
});

const box = (page: Page) => page.getByRole("combobox", { name: "Search tickets" });
const result = (page: Page, title: RegExp) => page.getByRole("option", { name: title });

/** Holds the searches for a text until they are released. */
async function holdSearches(page: Page, query: string) {
  let arrive = () => {};
  let release = () => {};
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route("**/api/tickets/search", async (route) => {
    if ((route.request().postDataJSON() as { query: string }).query === query) {
      arrive();
      await released;
    }
    await route.continue();
  });
  return { arrived, release };
}

/** The search page with the results of another text. */
async function openSearch(): Promise<Page> {
  const page = await (await signedIn()).newPage();
  await page.goto(`/w/${workflow}/search?mode=keyword&q=zorilla`);
  await result(page, /Zorilla/).waitFor();
  return page;
}

describe("search page", () => {
  it("opens the first result of a text that was not searched yet", async () => {
    const page = await openSearch();
    const { arrived, release } = await holdSearches(page, "numbat");
    await box(page).fill("numbat");
    await page.keyboard.press("Enter");
    await arrived;
    expect(await page.getByRole("dialog").count()).toBe(0);
    release();
    await page.getByRole("dialog", { name: /Numbat/ }).waitFor();
    expect(page.url()).toContain(wanted.ticket_id);
  });

  it("opens the first result of a search that is running", async () => {
    const page = await openSearch();
    const { arrived, release } = await holdSearches(page, "numbat");
    await box(page).fill("numbat");
    await arrived;
    await page.keyboard.press("Enter");
    release();
    await page.getByRole("dialog", { name: /Numbat/ }).waitFor();
  });

  it("opens nothing after Escape", async () => {
    const page = await openSearch();
    const { arrived, release } = await holdSearches(page, "numbat");
    await box(page).fill("numbat");
    await page.keyboard.press("Enter");
    await arrived;
    await page.keyboard.press("Escape");
    release();
    await result(page, /Numbat/).waitFor();
    expect(await box(page).inputValue()).toBe("numbat");
    expect(await page.getByRole("dialog").count()).toBe(0);
  });
});

describe("command palette", () => {
  it("opens the best ticket of the text as it is, not of an earlier one", async () => {
    const page = await openBoard(workflow);
    await page.keyboard.press("Control+k");
    const input = page.getByPlaceholder(/^Search tickets/);
    await input.fill("zorilla");
    await result(page, /Zorilla/).waitFor();
    const { arrived, release } = await holdSearches(page, "numbat");
    await input.fill("numbat");
    await arrived;
    await page.keyboard.press("Enter");
    release();
    await page.getByRole("dialog", { name: /Numbat/ }).waitFor();
    expect(page.url()).toContain(wanted.ticket_id);
  });
});
