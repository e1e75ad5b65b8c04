/** What a new person sees: the page without workflows, the board without tickets, and invite links. */
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import {
  api,
  checkAccessibility,
  createWorkflow,
  openContext,
  screenshot,
  signedIn,
  url,
  waitUntilLive,
  withBrowser,
} from "./harness";

withBrowser();

const PASSWORD = "a new person's long password";
const PHONE = { width: 375, height: 812 };
const DESKTOP = { width: 1440, height: 900 };

/** A new account, signed in. */
async function newPerson(name: string): Promise<{ page: Page; email: string }> {
  const context = await openContext();
  const email = `${name.toLowerCase()}${Date.now()}@example.com`;
  const made = await context.request.post("/api/auth/register", {
    data: { email, password: PASSWORD, name, token_mode: "cookie" },
    headers: { origin: url },
  });
  expect(made.ok()).toBe(true);
  return { page: await context.newPage(), email };
}

/** Accessible and not too wide, light on a desktop and dark on a phone. */
async function checkBoth(page: Page, name: string): Promise<void> {
  for (const [colorScheme, size] of [["light", DESKTOP] as const, ["dark", PHONE] as const]) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(size);
    await checkAccessibility(page);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    await screenshot(page, `${name}-${colorScheme}`);
  }
  await page.setViewportSize(DESKTOP);
}

describe("the first minutes", () => {
  it("lead a new account from a template to a board with its first steps", async () => {
    const { page } = await newPerson("Newcomer");
    await page.goto("/");
    await page.getByRole("heading", { name: "Welcome, Newcomer" }).waitFor();
    await page.getByRole("radio", { name: /^Security Board/ }).check();
    await checkBoth(page, "first-page");
    await page.getByLabel("Name").fill("Audit");
    await page.getByRole("button", { name: "Create workflow" }).click();

    await page.getByRole("heading", { name: "No tickets yet" }).waitFor();
    await waitUntilLive(page);
    await page.locator('section[data-column="triaging"]').waitFor();
    await checkBoth(page, "empty-board");
    await page.keyboard.press("i");
    await page.waitForURL("**/settings#invitations");
    await page.waitForFunction(
      () => document.activeElement?.getAttribute("aria-label") === "Role of the invited person",
    );
    await page.goBack();
    await page.getByRole("link", { name: /^Connect an agent/ }).waitFor();
    await page.getByRole("button", { name: /^Create the first ticket/ }).click();
    await page.getByRole("dialog").getByLabel("Title").fill("The first one");
    await page.keyboard.press("Control+Enter");
    await page.getByRole("heading", { name: "The first one" }).first().waitFor();
    await page.getByRole("heading", { name: "No tickets yet" }).waitFor({ state: "detached" });
  });

  it("lead an invited person to the board, with a new account or with an existing one", async () => {
    const workflow = await createWorkflow("Invited");
    const owner = await (await signedIn()).newPage();
    await owner.goto(`/w/${workflow}/settings`);
    await owner.getByRole("button", { name: "Create invite link" }).click();
    const link = new URL(await owner.getByLabel("Invite URL").inputValue());
    const invite = link.pathname + link.search;
    await owner.getByRole("button", { name: "Done" }).click();
    const links = owner.getByRole("list", { name: "Invite links" });
    await links.getByText("Pending").waitFor();

    const guest = await (await openContext()).newPage();
    await guest.goto(invite);
    await guest.getByRole("heading", { name: /^Join Invited/ }).waitFor();
    await guest.getByText(/ invites you to Invited .* as a member, who can edit tickets\.$/).waitFor();
    await checkBoth(guest, "invitation");
    await guest.getByLabel("Name").fill("Invited Person");
    await guest.getByLabel("Email").fill(`invited${Date.now()}@example.com`);
    await guest.getByLabel("Password").fill(PASSWORD);
    await guest.getByRole("button", { name: "Create account and join" }).click();
    await guest.waitForURL(`**/w/${workflow}`);
    await guest.getByRole("button", { name: "New ticket", exact: true }).waitFor();

    // Used up: for its member and for everyone else.
    await guest.goto(invite);
    await guest.getByRole("heading", { name: /^You are a member of Invited/ }).waitFor();
    const { page: other, email } = await newPerson("Other");
    await other.goto(invite);
    await other.getByRole("heading", { name: "This invitation was used already" }).waitFor();

    const second = await api<{ invite: string }>("POST", "/api/invites", { workflow_id: workflow, role: "viewer" });
    await other.goto(`/register?invite=${second.invite}`);
    await other.getByText("You are signed in as Other").waitFor();
    await screenshot(other, "invitation-signed-in");
    await other.getByRole("button", { name: "Use another account" }).click();
    await other.getByRole("link", { name: "Sign in to join" }).click();
    await other.getByLabel("Email").fill(email);
    await other.getByLabel("Password").fill(PASSWORD);
    await other.getByRole("button", { name: "Sign in" }).click();
    await other.waitForURL(`**/w/${workflow}`);

    const third = await api<{ invite: string }>("POST", "/api/invites", { workflow_id: workflow, role: "viewer" });
    await owner.reload();
    await links
      .getByText(/, used /)
      .first()
      .waitFor();
    await owner.getByRole("button", { name: "Withdraw the link for one viewer" }).click();
    await owner.getByRole("dialog").getByRole("button", { name: "Withdraw link" }).click();
    await links.getByText("Withdrawn").waitFor();
    await screenshot(owner, "invite-links");
    await other.goto(`/register?invite=${third.invite}`);
    await other.getByRole("heading", { name: "This invitation was withdrawn" }).waitFor();
    await other.goto("/register?invite=unknown");
    await other.getByRole("heading", { name: "There is no such invitation" }).waitFor();
  });
});
