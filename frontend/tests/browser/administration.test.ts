import { describe, expect, it } from "vitest";
import {
  api,
  checkAccessibility,
  createWorkflow,
  eventually,
  openContext,
  screenshot,
  signedIn,
  url,
  withBrowser,
} from "./harness";

withBrowser();

const PAGES = ["people", "agents", "webhooks", "security", "server"] as const;
const HEADINGS = {
  people: "Sign-up",
  agents: "Agents and keys",
  webhooks: "Webhooks",
  security: "Security events",
  server: "Storage",
};

const register = (name: string, password: string) =>
  fetch(`${url}/api/auth/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: `${name}@example.org`, password, name }),
  }).then(async (answer) => (await answer.json()) as { access: string; user: { id: string } });

describe("administration", () => {
  it("resets a password, chooses who may sign up, and revokes a key of an agent", async () => {
    const name = `Ada ${Date.now().toString(36)}`;
    const email = `${name.replace(" ", ".").toLowerCase()}@example.org`;
    const ada = await register(email.split("@")[0] ?? "", "correct horse battery");
    await api("POST", "/api/agents", { id: `bot-${ada.user.id.slice(-8)}`, name: "Nightly builder" });
    await api("POST", "/api/keys", { name: "nightly", actor_id: `bot-${ada.user.id.slice(-8)}`, scopes: ["read"] });
    const page = await (await signedIn()).newPage();

    await page.goto("/settings/people");
    await page.getByLabel("Search people").fill(email);
    const people = page.getByRole("list", { name: "People" }).getByRole("listitem");
    await eventually("one person is found", async () => (await people.count()) === 1);
    await people.getByText("1 session").waitFor();
    await people.getByRole("button", { name: /^Actions for/ }).click();
    await page.getByRole("menuitem", { name: "Reset password…" }).click();
    await page.getByRole("button", { name: "Create link" }).click();
    const link = await page.getByLabel("Password link", { exact: true }).inputValue();
    await checkAccessibility(page);
    await screenshot(page, "administration-link");
    await page.getByRole("button", { name: "Done" }).click();

    const other = await (await openContext()).newPage();
    await other.goto(`/reset-password${new URL(link).search}`);
    await other.getByLabel("New password").fill("a quite new password");
    await checkAccessibility(other);
    await other.getByRole("button", { name: "Set password" }).click();
    await other.waitForURL((to) => to.pathname === "/");
    const former = await fetch(`${url}/api/auth/me`, { headers: { authorization: `Bearer ${ada.access}` } });
    expect(former.status).toBe(401);

    // Other tests register people at the same time, so the server gets no request.
    const policies: string[] = [];
    await page.route("**/api/server/registration", (route) => {
      policies.push((route.request().postDataJSON() as { registration: string }).registration);
      return route.fulfill({ json: { registration: "invite", configured: "open" } });
    });
    await page.getByRole("radio", { name: /^By invitation/ }).click();
    await page.getByText("Sign-up: by invitation").waitFor();
    expect(policies).toEqual(["invite"]);

    await page.getByRole("link", { name: "Agents and keys" }).click();
    await page.getByLabel("Search names and keys").fill("nightly");
    const key = page.getByRole("list", { name: "Keys of Nightly builder" }).getByText("nightly", { exact: true });
    await key.waitFor();
    await checkAccessibility(page);
    await screenshot(page, "administration-agents-found");
    await page.getByRole("button", { name: "Revoke nightly" }).click();
    await page.getByRole("button", { name: "Revoke key" }).click();
    await key.waitFor({ state: "detached" });
  });

  it("is accessible in both themes and on a phone", async () => {
    const workflow = await createWorkflow("Hooked");
    await api("POST", "/api/webhooks", {
      workflow_id: workflow,
      url: `https://example.com/hooks/${"long".repeat(20)}`,
    });
    const page = await (await signedIn({ colorScheme: "dark" })).newPage();
    for (const name of PAGES) {
      await page.goto(`/settings/${name}`);
      await page.getByRole("heading", { name: HEADINGS[name], exact: true }).waitFor();
      await eventually("it has loaded", async () => (await page.getByText("Loading").count()) === 0);
      await checkAccessibility(page);
      await screenshot(page, `administration-${name}-dark`);
      // These two have every kind of part.
      if (name === "people" || name === "server") {
        await page.emulateMedia({ colorScheme: "light" });
        await checkAccessibility(page);
        await screenshot(page, `administration-${name}-light`);
        await page.emulateMedia({ colorScheme: "dark" });
      }
      await page.setViewportSize({ width: 375, height: 800 });
      const wider = "document.documentElement.scrollWidth > document.documentElement.clientWidth";
      expect(await page.evaluate(wider), `${name} scrolls sideways`).toBe(false);
      await screenshot(page, `administration-${name}-phone`);
      await page.setViewportSize({ width: 1280, height: 800 });
    }
  });
});
