import { beforeAll, describe, expect, it } from "vitest";
import {
  createWorkflow,
  email,
  eventually,
  openContext,
  password,
  screenshot,
  signedIn,
  url,
  withBrowser,
} from "./harness";

withBrowser();

// An account without workflows gets another start page.
beforeAll(() => createWorkflow("Session"));

describe("session", () => {
  it("signs in, survives a reload, and keeps tokens out of reach of scripts", async () => {
    const context = await openContext();
    const page = await context.newPage();
    await page.goto("/w/nowhere");
    await page.waitForURL(/\/sign-in\?next=/);
    await screenshot(page, "sign-in");
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL("**/w/nowhere");
    await page.getByText("Workflow not found").waitFor();
    await page.getByRole("link", { name: "Go to workflows" }).click();
    await page.getByRole("heading", { name: "Workflows" }).waitFor();
    await screenshot(page, "workflows");

    await page.reload();
    await page.getByRole("heading", { name: "Workflows" }).waitFor();
    const kept = await page.evaluate(() =>
      JSON.stringify([document.cookie, Object.entries(localStorage), Object.entries(sessionStorage)]),
    );
    expect(kept).not.toMatch(/eyJ|refresh|token/i);
    const cookies = await context.cookies(`${url}/api/auth/login`);
    expect(cookies.find(({ name }) => name === "callboard_refresh")).toMatchObject({ httpOnly: true });
  });

  it("shows an error for a wrong password", async () => {
    const page = await (await openContext()).newPage();
    await page.goto("/sign-in");
    await page.getByLabel("Email").fill("nobody@example.com");
    await page.getByLabel("Password").fill("not the password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").waitFor();
  });

  it("refreshes a rejected access token without interrupting the user", async () => {
    const page = await (await signedIn()).newPage();
    await page.goto("/");
    await page.getByRole("heading", { name: "Workflows" }).waitFor();
    let refused = 0;
    let refreshed = 0;
    page.on("response", (response) => {
      if (response.url().endsWith("/api/auth/token/refresh") && response.ok()) refreshed += 1;
    });
    await page.route("**/api/workflows?**", async (route) => {
      if (refused > 0) return route.continue();
      refused += 1;
      await route.fulfill({ status: 401, contentType: "application/problem+json", body: '{"status":401}' });
    });
    await page.getByRole("button", { name: "Show archived" }).click();
    await page.getByRole("heading", { name: "Archived workflows" }).waitFor();
    await eventually("the token is refreshed", async () => refused === 1 && refreshed === 1);
    expect(page.url()).not.toContain("sign-in");
  });

  it("signs out all tabs", async () => {
    const context = await signedIn();
    const [one, two] = [await context.newPage(), await context.newPage()];
    for (const page of [one, two]) {
      await page.goto("/");
      await page.getByRole("heading", { name: "Workflows" }).waitFor();
    }
    await one.getByRole("button", { name: /^Account menu of/ }).click();
    await one.getByRole("menuitem", { name: "Sign out" }).click();
    await one.waitForURL("**/sign-in**");
    await two.waitForURL("**/sign-in**");
    await two.reload();
    await two.getByLabel("Password").waitFor();
  });
});
