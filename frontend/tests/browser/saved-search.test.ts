import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  checkAccessibility,
  createTicket,
  createWorkflow,
  eventually,
  screenshot,
  signedIn,
  waitUntilLive,
  withBrowser,
} from "./harness";

withBrowser();

let workflow: string;
beforeAll(async () => {
  workflow = await createWorkflow("Saved searches");
  await createTicket(workflow, "Zebra crossing is broken");
});

const results = (page: Page) => page.getByRole("listbox", { name: "Search results" }).getByRole("option");
const saved = (page: Page) => page.getByRole("region", { name: "Saved searches" });

async function save(page: Page, name: string, notify: boolean): Promise<void> {
  await page.getByRole("button", { name: "Save", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Save search" });
  await dialog.getByLabel("Name").fill(name);
  if (notify) await dialog.getByRole("switch", { name: "Notify me" }).click();
  await checkAccessibility(page);
  await dialog.getByRole("button", { name: "Save search" }).click();
  await dialog.waitFor({ state: "detached" });
}

const row = (page: Page, name: string) => saved(page).getByRole("listitem").filter({ hasText: name });

async function choose(page: Page, name: string, action: string): Promise<void> {
  await row(page, name).hover();
  await page.getByRole("button", { name: `Actions for ${name}` }).click();
  await page.getByRole("menuitem", { name: action }).click();
}

describe("saved searches", () => {
  it("are saved, run, renamed, shared, deleted and restored", async () => {
    const page = await (await signedIn()).newPage();
    await page.goto(`/w/${workflow}/search?q=zebra&mode=keyword&priority=["medium"]`);
    await results(page).first().waitFor();
    await save(page, "Zebras", false);
    await row(page, "Zebras").waitFor();
    await page.goto(`/w/${workflow}/search`);
    await row(page, "Zebras")
      .getByRole("button", { name: /^Zebras/ })
      .click();
    await results(page).filter({ hasText: "Zebra crossing" }).waitFor();
    expect(decodeURIComponent(page.url())).toContain('priority=["medium"]');
    expect(page.url()).toContain("mode=keyword");
    await choose(page, "Zebras", "Rename");
    await page.getByRole("dialog").getByLabel("Name").fill("Striped");
    // What was typed is there again after a reload.
    await page.reload();
    await choose(page, "Zebras", "Rename");
    expect(await page.getByRole("dialog").getByLabel("Name").inputValue()).toBe("Striped");
    await page.getByRole("dialog").getByLabel("Name").focus();
    await page.keyboard.press("Enter");
    await choose(page, "Striped", "Share with workflow");
    await row(page, "Striped").getByLabel("Shared").waitFor();
    await checkAccessibility(page);
    await choose(page, "Striped", "Delete");
    await row(page, "Striped").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Undo" }).click();
    await row(page, "Striped").waitFor();
    await page.reload();
    await row(page, "Striped").getByLabel("Shared").waitFor();
  });

  it("notify of new matches on any page, including those while away", async () => {
    const context = await signedIn();
    const page = await context.newPage();
    await page.goto(`/w/${workflow}/search?q=quagga&mode=keyword`);
    await page.getByRole("heading", { name: "No tickets found" }).waitFor();
    await save(page, "Quaggas", true);
    await waitUntilLive(page);
    await page.goto(`/w/${workflow}`);
    await waitUntilLive(page);
    const seen = await createTicket(workflow, "A quagga was seen");
    const message = page.getByRole("listitem").filter({ hasText: "New match for “Quaggas”" });
    await message.getByText(`${seen.key} A quagga was seen`).waitFor();
    await screenshot(page, "search-match");
    await message.getByRole("button", { name: "View ticket" }).click();
    await page.getByRole("dialog", { name: /A quagga was seen/ }).waitFor();

    await page.close();
    await createTicket(workflow, "Another quagga");
    await createTicket(workflow, "The third quagga");
    const later = await context.newPage();
    await later.goto(`/w/${workflow}/search`);
    await later
      .getByText(/new match(es)? for “Quaggas”/i)
      .first()
      .waitFor();
    await row(later, "Quaggas").getByText("3 new").waitFor();
    await checkAccessibility(later);
    await later.getByRole("button", { name: "3 new matches in saved searches" }).click();
    await eventually("all three are listed", async () => (await results(later).count()) === 3);
    await eventually("they are marked as read", async () => !(await row(later, "Quaggas").innerText()).includes("3"));
    await later.reload();
    await waitUntilLive(later);
    expect(await row(later, "Quaggas").innerText()).not.toMatch(/\d/);
  });
});
