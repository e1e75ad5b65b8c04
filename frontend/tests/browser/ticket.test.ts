import { beforeAll, describe, expect, it } from "vitest";
import {
  api,
  card,
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
  workflow = await createWorkflow("Tickets");
});

describe("ticket", () => {
  it("shows description, comments and history, and updates live", async () => {
    const ticket = await createTicket(workflow, "Read me", {
      description: "## Why\n\nBecause **bold** matters.\n\n- one\n- two",
    });
    await api("POST", "/api/tickets/comment", { ticket_id: ticket.ticket_id, comment_text: "A first remark." });
    await moveTicket(ticket.ticket_id, "in_progress");
    const page = await openBoard(workflow);
    await card(page, ticket.ticket_id).getByRole("link").click();
    const drawer = page.getByRole("dialog", { name: /Read me/ });
    await drawer.locator("strong", { hasText: "bold" }).waitFor();
    await drawer.getByText("A first remark.").waitFor();
    expect(page.url()).toContain(`/t/${ticket.ticket_id}`);
    await screenshot(page, "ticket");

    await api("POST", "/api/tickets/comment", { ticket_id: ticket.ticket_id, comment_text: "A live remark." });
    await drawer.getByText("A live remark.").waitFor();
    await drawer.getByRole("tab", { name: /History/ }).click();
    await drawer.getByText(/moved it from To Do to In Progress/).waitFor();
    await moveTicket(ticket.ticket_id, "review");
    await drawer.getByText(/moved it from In Progress to (Code )?Review/).waitFor();
    await screenshot(page, "ticket-history");

    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "detached" });
    expect(page.url()).not.toContain("/t/");
  });

  it("supports comments, replies, edits and reactions", async () => {
    const ticket = await createTicket(workflow, "Talk to me");
    const page = await openBoard(workflow);
    await page.goto(`/w/${workflow}/t/${ticket.ticket_id}`);
    const drawer = page.getByRole("dialog", { name: /Talk to me/ });
    await drawer.getByLabel("Add a comment").waitFor();
    await page.keyboard.press("c");
    await page.keyboard.type("Written in the browser");
    await page.keyboard.press("Control+Enter");
    const comment = drawer.getByRole("article").filter({ hasText: "Written in the browser" });
    await comment.waitFor();
    await comment.hover();
    await comment.getByRole("button", { name: "Reply" }).click();
    await page.keyboard.type("A reply");
    await page.keyboard.press("Control+Enter");
    await drawer.getByRole("article").filter({ hasText: "A reply" }).waitFor();
    await comment.getByRole("button", { name: "Edit comment" }).click();
    await page.keyboard.type(" and edited");
    await page.keyboard.press("Control+Enter");
    await drawer.getByText("Written in the browser and edited").waitFor();
    await comment.getByRole("button", { name: "Add reaction" }).click();
    await page.getByRole("menuitem", { name: "party" }).click();
    await drawer.getByRole("button", { name: "🎉 1" }).waitFor();
    await screenshot(page, "ticket-comments");
  });

  it("edits in place", async () => {
    const ticket = await createTicket(workflow, "Edit me");
    const page = await openBoard(workflow);
    await page.goto(`/w/${workflow}/t/${ticket.key}`);
    const drawer = page.getByRole("dialog", { name: /Edit me/ });
    await drawer.getByRole("button", { name: "Edit me" }).click();
    await drawer.getByLabel("Title").fill("Edited title");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: /Edited title/ }).waitFor();
    const edited = page.getByRole("dialog", { name: /Edited title/ });
    await page.keyboard.press("e");
    await edited.getByRole("textbox", { name: "Description" }).fill("A better description.");
    await page.keyboard.press("Control+Enter");
    await edited.getByText("A better description.").waitFor();
    await edited.getByLabel("Priority", { exact: true }).selectOption("critical");
    await edited.getByLabel("Status", { exact: true }).selectOption("review");
    await edited.getByRole("button", { name: "Add tag" }).click();
    await page.keyboard.type("fresh, new");
    await page.keyboard.press("Enter");
    await eventually("all changes are stored", async () => {
      const now = await api<Record<string, unknown>>("GET", `/api/tickets/${ticket.ticket_id}`);
      return (
        now.title === "Edited title" &&
        now.description === "A better description." &&
        now.priority === "critical" &&
        now.status === "review" &&
        String(now.tags) === "fresh,new"
      );
    });
  });

  it("runs no scripts and loads no resources from a ticket's text", async () => {
    const ticket = await createTicket(workflow, "Untrusted text", {
      description: [
        "<script>window.pwned = 1</script><img src=x onerror='window.pwned = 2'>",
        "[click](javascript:window.pwned=3) [data](data:text/html,<script>1</script>)",
        "![pixel](http://192.0.2.1/pixel.png) <svg onload='window.pwned=4'></svg>",
        "[fine](https://example.com/)",
      ].join("\n\n"),
    });
    const page = await openBoard(workflow);
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(`/w/${workflow}/t/${ticket.ticket_id}`);
    const drawer = page.getByRole("dialog", { name: /Untrusted text/ });
    await drawer.getByRole("link", { name: "fine" }).waitFor();
    expect(await drawer.locator("img, script, svg[onload], iframe").count()).toBe(0);
    const links = await drawer.locator("a").evaluateAll((all) => all.map((a) => (a as HTMLAnchorElement).href));
    for (const link of links) expect(link).toMatch(/^(https?|mailto):/);
    expect(await page.evaluate(() => (window as unknown as { pwned?: number }).pwned)).toBeUndefined();
    expect(asked.filter((address) => address.includes("192.0.2.1"))).toEqual([]);
  });

  it("resolves, deletes and restores a ticket", async () => {
    const ticket = await createTicket(workflow, "Short life");
    const page = await openBoard(workflow);
    await page.goto(`/w/${workflow}/t/${ticket.ticket_id}`);
    await page.getByRole("button", { name: "Resolve" }).click();
    await page.getByLabel("How was it resolved?").fill("It was simply not there any more.");
    await page
      .getByRole("dialog", { name: `Resolve ${ticket.key}` })
      .getByRole("button", { name: "Resolve" })
      .click();
    await page.getByText(`${ticket.key} resolved`).first().waitFor();
    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: "Delete ticket" }).click();
    await card(page, ticket.ticket_id).waitFor({ state: "detached" });
    const toast = page.locator("[data-sonner-toast]", { hasText: `${ticket.key} deleted` });
    await toast.getByRole("button", { name: "Undo" }).click();
    await card(page, ticket.ticket_id).waitFor();
  });
});
