import { beforeAll, describe, expect, it } from "vitest";
import { api, check, makeTicket, makeWorkflow, openBoard, picture, withBrowser } from "./harness";

withBrowser();

let workflow: string;
beforeAll(async () => {
  workflow = await makeWorkflow("Search");
});

describe("search", () => {
  it("finds a ticket by a word of its comments and opens it, by keys alone", async () => {
    const ticket = await makeTicket(workflow, "Nothing about it in the title");
    await api("POST", "/api/tickets/comment", {
      ticket_id: ticket.ticket_id,
      comment_text: "A word about hippopotami.",
    });
    const page = await openBoard(workflow);
    await page.keyboard.press("Control+k");
    await page.getByPlaceholder(/^Search tickets/).waitFor();
    await page.keyboard.type("hippopotami");
    await page.getByRole("option", { name: /Nothing about it/ }).waitFor();
    await check(page);
    await picture(page, "search");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: /Nothing about it/ }).waitFor();
    expect(page.url()).toContain(ticket.ticket_id);
  });

  it("knows workflows and actions", async () => {
    const page = await openBoard(workflow);
    await page.getByRole("button", { name: "Search", exact: true }).click();
    await page.keyboard.type("account");
    await page.getByRole("option", { name: "Account and keys" }).click();
    await page.getByRole("heading", { name: "API keys" }).waitFor();
  });
});
