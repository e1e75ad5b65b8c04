/** What is typed survives whatever happens before it is sent. */
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  api,
  checkAccessibility,
  createTicket,
  createWorkflow,
  email,
  eventually,
  openBoard,
  password,
  screenshot,
  signedIn,
  waitUntilLive,
  withBrowser,
} from "./harness";

withBrowser();

let workflow: string;
beforeAll(async () => {
  workflow = await createWorkflow("Drafts");
});

async function openTicket(page: Page, ticketId: string) {
  await page.goto(`/w/${workflow}/t/${ticketId}`);
  const drawer = page.locator("[data-drawer]");
  await drawer.getByLabel("Add a comment").waitFor();
  return drawer;
}

const note = (page: Page) => page.locator("[data-draft-note]");

describe("drafts", () => {
  it("of a new ticket survive Escape, a click outside and a reload, until it is created", async () => {
    const page = await openBoard(workflow);
    await page.keyboard.press("n");
    const dialog = page.getByRole("dialog", { name: "New ticket" });
    await dialog.getByLabel("Title").fill("Half a ticket");
    await dialog.getByLabel("Description").fill("A description that is not finished");
    await dialog.getByLabel("Priority").selectOption("high");
    expect(await note(page).count()).toBe(0);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await page.keyboard.press("n");
    await note(page).waitFor();
    expect(await dialog.getByLabel("Title").inputValue()).toBe("Half a ticket");
    await page.mouse.click(5, 5);
    await dialog.waitFor({ state: "detached" });
    await page.reload();
    await waitUntilLive(page);
    await page.keyboard.press("n");
    await note(page)
      .getByText(/^Draft from \d/)
      .waitFor();
    expect(await dialog.getByLabel("Description").inputValue()).toBe("A description that is not finished");
    expect(await dialog.getByLabel("Priority").inputValue()).toBe("high");
    await screenshot(page, "draft-new-ticket");
    await dialog.getByRole("button", { name: "Create ticket" }).click();
    await dialog.waitFor({ state: "detached" });
    await page.keyboard.press("n");
    await dialog.getByLabel("Title").waitFor();
    expect(await dialog.getByLabel("Title").inputValue()).toBe("");
    expect(await note(page).count()).toBe(0);
  });

  it("are discarded on request only", async () => {
    const page = await openBoard(await createWorkflow("Discarded"));
    await page.keyboard.press("n");
    const dialog = page.getByRole("dialog", { name: "New ticket" });
    await dialog.getByLabel("Title").fill("Not worth it");
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await page.keyboard.press("n");
    await dialog.getByRole("button", { name: "Discard draft" }).click();
    expect(await dialog.getByLabel("Title").inputValue()).toBe("");
    await note(page).waitFor({ state: "detached" });
    await page.keyboard.press("Escape");
    await page.keyboard.press("n");
    expect(await dialog.getByLabel("Title").inputValue()).toBe("");
  });

  it("of a description say that it was changed by somebody else, and those of a title stay closed", async () => {
    const ticket = await createTicket(workflow, "Written by two");
    const page = await (await signedIn()).newPage();
    const drawer = await openTicket(page, ticket.ticket_id);
    await page.keyboard.press("e");
    await drawer.getByRole("textbox", { name: "Description" }).fill("My own version of the description");
    await page.keyboard.press("Escape");
    await drawer.getByRole("button", { name: /^Draft from/ }).waitFor();
    await drawer.getByRole("button", { name: "Written by two" }).click();
    await drawer.getByLabel("Title", { exact: true }).fill("Another title");
    await page.keyboard.press("Escape");
    await drawer.getByRole("button", { name: "Written by two" }).waitFor();
    await eventually("both drafts are shown", async () => {
      return (await drawer.getByRole("button", { name: /^Draft from/ }).count()) === 2;
    });
    await api("POST", "/api/tickets/update", {
      ticket_id: ticket.ticket_id,
      updates: { description: "The version of somebody else" },
    });
    await page.reload();
    await drawer.getByText("The version of somebody else").waitFor();
    await drawer
      .getByRole("region", { name: "Description" })
      .getByRole("button", { name: /^Draft from/ })
      .click();
    expect(await drawer.getByRole("textbox", { name: "Description" }).inputValue()).toBe(
      "My own version of the description",
    );
    await drawer.getByText("The description was changed since you began to edit it").waitFor();
    await screenshot(page, "draft-conflict");
    await drawer.getByRole("button", { name: "Overwrite" }).click();
    await drawer.getByText("My own version of the description").waitFor();
    await eventually("only the title is left", async () => {
      return (await drawer.getByRole("button", { name: /^Draft from/ }).count()) === 1;
    });
  });

  it("of small fields are kept until they are saved, and say what is wrong", async () => {
    const ticket = await createTicket(workflow, "Small fields");
    const read = () => api<Record<string, unknown>>("GET", `/api/tickets/${ticket.ticket_id}`);
    const page = await (await signedIn()).newPage();
    let drawer = await openTicket(page, ticket.ticket_id);
    const points = () => drawer.getByLabel("Story points");
    await points().fill("many");
    await drawer.getByLabel("Due date").focus();
    expect(await points().getAttribute("aria-invalid")).toBe("true");
    await drawer.getByRole("tab", { name: /^Commits/ }).click();
    await drawer.getByLabel("Commit SHA").fill("c0ffee");
    await drawer.getByRole("button", { name: "Add tag" }).click();
    await drawer.getByLabel("New tag").fill("billing, half a t");
    await page.reload();
    drawer = await openTicket(page, ticket.ticket_id);
    await drawer.getByRole("tab", { name: /^Commits/ }).click();
    expect(await drawer.getByLabel("Commit SHA").inputValue()).toBe("c0ffee");
    expect(await points().inputValue()).toBe("many");
    expect(await points().getAttribute("title")).toBe("Not saved: a number of 0 or more");
    expect(await drawer.getByLabel("New tag").inputValue()).toBe("billing, half a t");
    expect(await drawer.getByLabel("New tag").evaluate((field) => field === document.activeElement)).toBe(false);
    expect(await read()).toMatchObject({ tags: [], story_points: null });
    // What is valid is saved when the field is left, and then nothing is kept.
    await points().fill("2,5");
    await drawer.getByLabel("New tag").fill("billing");
    await page.keyboard.press("Enter");
    await drawer.getByRole("button", { name: "Remove tag billing" }).waitFor();
    await eventually("both are saved", async () => (await read()).story_points === 2.5);
    expect((await read()).tags).toEqual(["billing"]);
    // What the server refuses stays in the field.
    await page.route("**/api/tickets/update", (route) =>
      route.fulfill({ status: 403, json: { detail: "Not now.", status: 403 } }),
    );
    await points().fill("8");
    await page.keyboard.press("Enter");
    await page.getByText("Could not update the ticket").waitFor();
    await eventually(
      "it is marked",
      async () => (await points().getAttribute("title"))?.startsWith("Not saved yet") ?? false,
    );
    expect(await points().inputValue()).toBe("8");
    await page.unroute("**/api/tickets/update");
    await points().focus();
    await page.keyboard.press("Enter");
    await eventually("it is saved", async () => (await read()).story_points === 8);
    expect(await points().getAttribute("title")).toBeNull();
  });

  it("survive a page that is gone without a word", async () => {
    const ticket = await createTicket(workflow, "Crashes");
    const context = await signedIn();
    const page = await context.newPage();
    const drawer = await openTicket(page, ticket.ticket_id);
    await drawer.getByLabel("Add a comment").fill("Typed before the crash");
    await page.close();
    const next = await context.newPage();
    const again = await openTicket(next, ticket.ticket_id);
    expect(await again.getByLabel("Add a comment").inputValue()).toBe("Typed before the crash");
    await again.getByRole("button", { name: "Comment", exact: true }).click();
    await again.getByRole("article").filter({ hasText: "Typed before the crash" }).waitFor();
    await next.reload();
    await again.getByLabel("Add a comment").waitFor();
    expect(await again.getByLabel("Add a comment").inputValue()).toBe("");
  });

  it("are there after the session has expired and somebody signed in again", async () => {
    const ticket = await createTicket(workflow, "Expires");
    const context = await signedIn();
    const page = await context.newPage();
    const drawer = await openTicket(page, ticket.ticket_id);
    await drawer.getByLabel("Add a comment").fill("Typed before the end of the session");
    await context.clearCookies();
    await page.route("**/api/tickets/comment", (route) =>
      route.fulfill({ status: 401, contentType: "application/problem+json", body: '{"status":401}' }),
    );
    await drawer.getByRole("button", { name: "Comment", exact: true }).click();
    await page.waitForURL(/\/sign-in\?next=/);
    await page.unroute("**/api/tickets/comment");
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await drawer.getByLabel("Add a comment").waitFor();
    expect(await drawer.getByLabel("Add a comment").inputValue()).toBe("Typed before the end of the session");
    const stored = await page.evaluate(() => JSON.stringify(Object.entries(localStorage)));
    expect(stored).not.toContain(password);
  });

  it("of a question that could not be sent are kept, and its field has the focus", async () => {
    const ticket = await createTicket(workflow, "Resolve me");
    const page = await (await signedIn()).newPage();
    const drawer = await openTicket(page, ticket.ticket_id);
    await page.route("**/api/tickets/resolve", (route) => route.fulfill({ status: 422, body: "{}" }));
    await drawer.getByRole("button", { name: "Resolve", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: /^Resolve TKT/ });
    await dialog.waitFor();
    // A space must not press a button.
    await page.keyboard.type("It was a loose cable");
    expect(await dialog.getByLabel("How was it resolved?").inputValue()).toBe("It was a loose cable");
    await dialog.getByRole("button", { name: "Resolve ticket" }).click();
    await page.getByText(`Could not resolve ${ticket.key}`).waitFor();
    await page.unroute("**/api/tickets/resolve");
    await drawer.getByRole("button", { name: "Resolve", exact: true }).click();
    expect(await dialog.getByLabel("How was it resolved?").inputValue()).toBe("It was a loose cable");
    await dialog.getByRole("button", { name: "Resolve ticket" }).click();
    await page.getByText(`${ticket.key} resolved`, { exact: true }).waitFor();
    const kept = await page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes("resolve")));
    expect(kept).toEqual([]);
  });
});

describe("an input method", () => {
  it("has its own Enter and Escape", async () => {
    const ticket = await createTicket(workflow, "Composed");
    const page = await (await signedIn()).newPage();
    const drawer = await openTicket(page, ticket.ticket_id);
    const input = await page.context().newCDPSession(page);
    const press = async (key: string, composing: boolean) => {
      const windowsVirtualKeyCode = composing ? 229 : key === "Enter" ? 13 : 27;
      await input.send("Input.dispatchKeyEvent", { type: "rawKeyDown", key, code: key, windowsVirtualKeyCode });
      await input.send("Input.dispatchKeyEvent", { type: "keyUp", key, code: key, windowsVirtualKeyCode });
    };
    const compose = (text: string) =>
      input.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });

    await drawer.getByRole("button", { name: "Composed" }).click();
    const title = drawer.getByLabel("Title", { exact: true });
    await title.press("ControlOrMeta+a");
    await compose("にほん");
    await press("Enter", true);
    await press("Escape", true);
    expect(await title.count()).toBe(1);
    await input.send("Input.insertText", { text: "日本語" });
    await press("Enter", false);
    await title.waitFor({ state: "detached" });
    await drawer.getByRole("button", { name: "日本語" }).waitFor();

    await drawer.getByRole("button", { name: "Add tag" }).click();
    const tag = drawer.getByLabel("New tag");
    await compose("かな");
    await press("Enter", true);
    expect(await tag.count()).toBe(1);
    await input.send("Input.insertText", { text: "仮名" });
    await press("Enter", false);
    await drawer.getByRole("button", { name: "Remove tag 仮名" }).waitFor();
  });
});

describe("deleting", () => {
  it("a comment asks first", async () => {
    const ticket = await createTicket(workflow, "Commented");
    await api("POST", "/api/tickets/comment", { ticket_id: ticket.ticket_id, comment_text: "Keep me for now." });
    const page = await (await signedIn()).newPage();
    const drawer = await openTicket(page, ticket.ticket_id);
    const comment = drawer.getByRole("article").filter({ hasText: "Keep me for now." });
    await comment.hover();
    await comment.getByRole("button", { name: "Delete comment" }).click();
    await page.getByRole("dialog", { name: "Delete comment?" }).getByRole("button", { name: "Keep" }).click();
    await comment.hover();
    await comment.getByRole("button", { name: "Delete comment" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete comment" }).click();
    await comment.waitFor({ state: "detached" });
  });
});

describe("text from right to left, and task lists", () => {
  it("have their direction and names", async () => {
    const ticket = await createTicket(workflow, "שלום עולם", {
      description: "טקסט מימין לשמאל\n\nText from left to right\n\n- [x] Write the tests\n- [ ] Read them",
    });
    const page = await (await signedIn({ locale: "de-DE" })).newPage();
    const drawer = await openTicket(page, ticket.ticket_id);
    const directionOf = (text: string) =>
      drawer
        .getByText(text)
        .first()
        .evaluate((element) => getComputedStyle(element).direction);
    expect(await directionOf("טקסט מימין לשמאל")).toBe("rtl");
    expect(await directionOf("Text from left to right")).toBe("ltr");
    expect(await directionOf("שלום עולם")).toBe("rtl");
    expect(await drawer.getByRole("checkbox", { name: "Write the tests" }).isChecked()).toBe(true);
    // The page is in English, whatever the browser's language.
    expect(await drawer.locator("time").first().getAttribute("title")).toMatch(
      /^\d{1,2} [A-Z][a-z]{2,3} \d{4}, \d\d:\d\d$/,
    );
  });
});

for (const colorScheme of ["light", "dark"] as const) {
  it(`drafts are accessible in the ${colorScheme} theme and on a phone`, async () => {
    const ticket = await createTicket(workflow, `Seen in ${colorScheme}`);
    const page = await (await signedIn({ colorScheme })).newPage();
    const drawer = await openTicket(page, ticket.ticket_id);
    await drawer.getByLabel("Add a comment").fill("Half a comment");
    await page.keyboard.press("Escape");
    await page.keyboard.press("e");
    await drawer.getByRole("textbox", { name: "Description" }).fill("Half a description");
    await page.keyboard.press("Escape");
    await page.reload();
    await note(page).waitFor();
    await checkAccessibility(page);
    await screenshot(page, `draft-ticket-${colorScheme}`);
    await page.setViewportSize({ width: 375, height: 800 });
    await checkAccessibility(page);
    await screenshot(page, `draft-ticket-phone-${colorScheme}`);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(375);
  });
}
