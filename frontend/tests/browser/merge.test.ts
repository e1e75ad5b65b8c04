import { beforeAll, describe, expect, it } from "vitest";
import {
  api,
  card,
  checkAccessibility,
  createTicket,
  createWorkflow,
  eventually,
  openBoard,
  screenshot,
  waitUntilLive,
  withBrowser,
} from "./harness";

withBrowser();

let workflow: string;
beforeAll(async () => {
  workflow = await createWorkflow("Duplicates");
});

const WORDS = "Uploading a photo larger than ten megabytes fails with a timeout";
const DETAIL = "When somebody uploads a large photo, the request ends after thirty seconds and nothing is stored.";

describe("duplicate check", () => {
  it("warns while a ticket is written, and does not block creating it", async () => {
    const there = await createTicket(workflow, WORDS, { description: DETAIL });
    await createTicket(workflow, "Rename the color variables of the dark theme");
    const page = await openBoard(workflow);
    await eventually("the first ticket is indexed", async () => {
      const body = { workflow_id: workflow, title: WORDS, description: DETAIL };
      const answer = await api<{ similar_tickets: unknown[] }>("POST", "/api/tickets/check-duplicate", body);
      return answer.similar_tickets.length > 0;
    });
    await page.getByRole("button", { name: "New ticket", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "New ticket" });
    await dialog.getByLabel("Title").pressSequentially(WORDS);
    await dialog.getByLabel("Description").fill(DETAIL);
    const similar = dialog.getByRole("region", { name: "Similar tickets" });
    await similar.getByText(`Possible duplicate of ${there.key}`).waitFor();
    await checkAccessibility(page);
    await screenshot(page, "similar");
    const link = similar.getByRole("link", { name: new RegExp(there.key) }).first();
    const waiting = page.context().waitForEvent("page");
    await link.click();
    const other = await waiting;
    await other.getByRole("dialog", { name: /Uploading a photo/ }).waitFor();
    await other.close();
    expect(await dialog.getByLabel("Title").inputValue()).toBe(WORDS);
    await dialog.getByRole("button", { name: "Create ticket" }).click();
    await page.getByText(/TKT-\d+ created/).waitFor();
  });
});

describe("merging", () => {
  it("moves a duplicate into its original, and back", async () => {
    const original = await createTicket(workflow, "Sessions end too early");
    const copy = await createTicket(workflow, "I am signed out all the time");
    await api("POST", "/api/tickets/comment", { ticket_id: copy.ticket_id, comment_text: "It happens at noon." });
    const page = await openBoard(workflow);
    await card(page, copy.ticket_id).getByRole("link").click();
    await page.getByRole("dialog", { name: /I am signed out/ }).waitFor();
    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: "Merge into…" }).click();
    await page.getByPlaceholder("Key or title").fill(original.key);
    await page.getByRole("option", { name: /Sessions end too early/ }).click();
    const dialog = page.getByRole("dialog", { name: `Merge ${copy.key} into ${original.key}` });
    await dialog.getByText(/removed from the board/).waitFor();
    await checkAccessibility(page);
    await screenshot(page, "merge");
    await dialog.getByRole("button", { name: `Merge into ${original.key}` }).click();

    const kept = page.getByRole("dialog", { name: /Sessions end too early/ });
    await kept.getByText("It happens at noon.").waitFor();
    await kept.getByRole("region", { name: "Duplicates" }).getByText("I am signed out").waitFor();
    await card(page, copy.ticket_id).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText(`${copy.key} unmerged`).waitFor();
    await card(page, copy.ticket_id).waitFor();
    await kept.getByText("It happens at noon.").waitFor({ state: "detached" });
  });

  it("links the merged ticket to its original, and can be undone", async () => {
    const original = await createTicket(workflow, "The lamp does not switch off");
    const copy = await createTicket(workflow, "Lamp stays on for ever");
    await api("POST", "/api/tickets/merge", { ticket_id: copy.ticket_id, into_ticket_id: original.ticket_id });
    const page = await openBoard(workflow);
    await page.goto(`/w/${workflow}/t/${copy.ticket_id}`);
    await waitUntilLive(page);
    const drawer = page.getByRole("dialog", { name: /Lamp stays on/ });
    await drawer.getByText("Merged into").waitFor();
    await checkAccessibility(page);
    await screenshot(page, "merged");
    await drawer.getByRole("button", { name: new RegExp(`${original.key} The lamp`) }).click();
    await page.getByRole("dialog", { name: /The lamp does not/ }).waitFor();
    await page.goBack();
    await drawer.getByRole("button", { name: "Undo merge" }).click();
    await drawer.getByText("Merged into").waitFor({ state: "detached" });
    await card(page, copy.ticket_id).waitFor();
  });
});
