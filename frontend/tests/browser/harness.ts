/**
 * A browser and an API client for a running server. Each test file creates its own workflows through the REST API, so
 * the files can run against any server, in any order and in parallel.
 *
 * CALLBOARD_URL, CALLBOARD_ADMIN_EMAIL and CALLBOARD_ADMIN_PASSWORD select the server, CALLBOARD_CHROMIUM (or CHROMIUM)
 * the browser, and SCREENSHOTS a folder for screenshots.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterEach, beforeAll, expect } from "vitest";

export const url = (process.env.CALLBOARD_URL ?? "http://127.0.0.1:8080").replace(/\/$/, "");
export const email = process.env.CALLBOARD_ADMIN_EMAIL ?? "admin@example.com";
export const password = process.env.CALLBOARD_ADMIN_PASSWORD ?? "";
const screenshotDir = process.env.SCREENSHOTS;

/** Generous, because the tests also run beside builds. A passing test does not wait for it. */
const TIMEOUT_MS = 30_000;
const TOKEN_MAX_AGE_MS = 5 * 60_000;

let browser: Browser | undefined;
let token: { access: string; createdAt: number } | null = null;
const contexts: BrowserContext[] = [];
const pageErrors: string[] = [];

/**
 * Files of one worker share a browser, which ends with the worker. After each test, closes its pages and fails if they
 * reported errors.
 */
export function withBrowser(): void {
  beforeAll(async () => {
    if (browser?.isConnected()) return;
    browser = await chromium.launch({
      executablePath: process.env.CALLBOARD_CHROMIUM ?? process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    });
  });
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
    const errors = pageErrors.splice(0);
    if (errors.length > 0) throw new Error(`The page reported errors:\n${errors.join("\n")}`);
  });
}

export async function openContext(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  if (!browser) throw new Error("call withBrowser() first");
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width: 1440, height: 900 },
    reducedMotion: "reduce",
    ...options,
  });
  context.setDefaultTimeout(TIMEOUT_MS);
  context.on("weberror", (error) => pageErrors.push(error.error().stack ?? error.error().message));
  context.on("console", (message) => {
    // A violation of the content security policy means that the page loads something it must not.
    if (message.type() === "error" && message.text().includes("Content Security Policy"))
      pageErrors.push(message.text());
  });
  contexts.push(context);
  return context;
}

/** A context with the administrator's refresh cookie. */
export async function signedIn(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await openContext(options);
  const answer = await context.request.post("/api/auth/login", {
    data: { email, password, token_mode: "cookie" },
    headers: { origin: url },
  });
  if (!answer.ok()) throw new Error(`sign-in failed: ${answer.status()} ${await answer.text()}`);
  return context;
}

/** Registers a new user, adds it to a workflow, and signs it in. Its inbox shows only that workflow. */
export async function signedInMember(
  workflowId: string,
  name: string,
  options: BrowserContextOptions = {},
): Promise<BrowserContext> {
  const context = await openContext(options);
  const memberEmail = `${name.toLowerCase()}${Date.now()}@example.com`;
  const registered = await context.request.post("/api/auth/register", {
    data: { email: memberEmail, password: "a member's long password", name, token_mode: "cookie" },
    headers: { origin: url },
  });
  expect(registered.ok()).toBe(true);
  await api("PUT", `/api/workflows/${workflowId}/members/${encodeURIComponent(memberEmail)}`, { role: "member" });
  return context;
}

export async function openBoard(workflowId: string, options: BrowserContextOptions = {}): Promise<Page> {
  const page = await (await signedIn(options)).newPage();
  await page.goto(`/w/${workflowId}`);
  await waitUntilLive(page);
  return page;
}

/** Waits until the page is connected and up to date. */
export async function waitUntilLive(page: Page): Promise<void> {
  await page.locator('[data-testid="live-status"][data-status="live"]').waitFor();
}

export async function screenshot(page: Page, name: string): Promise<void> {
  if (!screenshotDir) return;
  mkdirSync(screenshotDir, { recursive: true });
  await page.screenshot({ path: join(screenshotDir, `${name}.png`) });
}

async function accessToken(): Promise<string> {
  if (token && Date.now() - token.createdAt < TOKEN_MAX_AGE_MS) return token.access;
  const answer = await fetch(`${url}/api/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email, password, token_mode: "json" }),
  });
  if (!answer.ok) throw new Error(`sign-in failed: ${answer.status} ${await answer.text()}`);
  token = { access: ((await answer.json()) as { access: string }).access, createdAt: Date.now() };
  return token.access;
}

/** Sends a request as the administrator. */
export async function api<T>(method: string, path: string, body?: unknown): Promise<T> {
  const access = await accessToken();
  const answer = await fetch(url + path, {
    method,
    headers: { "content-type": "application/json", authorization: `Bearer ${access}` },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return (text ? JSON.parse(text) : undefined) as T;
}

export async function createWorkflow(name: string): Promise<string> {
  const { id } = await api<{ id: string }>("POST", "/api/workflows", {
    name: `${name} ${Date.now().toString(36)}`,
    template: "development",
  });
  return id;
}

export interface CreatedTicket {
  ticket_id: string;
  key: string;
}

export async function createTicket(
  workflowId: string,
  title: string,
  more: Record<string, unknown> = {},
): Promise<CreatedTicket> {
  const { ticket_id } = await api<{ ticket_id: string }>("POST", "/api/tickets/create", {
    workflow_id: workflowId,
    title,
    description: `What "${title}" asks for, in enough words.`,
    initial_status: "todo",
    ...more,
  });
  const { key } = await api<{ key: string }>("GET", `/api/tickets/${ticket_id}`);
  return { ticket_id, key };
}

export function moveTicket(ticket_id: string, new_status: string): Promise<unknown> {
  return api("POST", "/api/tickets/change-status", { ticket_id, new_status });
}

export const column = (page: Page, id: string) => page.locator(`section[data-column="${id}"]`);
export const card = (page: Page, ticketId: string) => page.locator(`[data-ticket="${ticketId}"]`);
/** A card in a given column. */
export const cardIn = (page: Page, columnId: string, ticketId: string) =>
  column(page, columnId).locator(`[data-ticket="${ticketId}"]`);

/** Titles of a column's rendered cards, from top to bottom. */
export async function cardTitles(page: Page, columnId: string): Promise<string[]> {
  return column(page, columnId)
    .locator("li[data-index]")
    .evaluateAll((rows) =>
      rows
        .sort((a, b) => Number((a as HTMLElement).dataset.index) - Number((b as HTMLElement).dataset.index))
        .map((row) => row.querySelector("h3")?.textContent ?? ""),
    );
}

/** Expects no serious accessibility violation (axe). */
export async function checkAccessibility(page: Page): Promise<void> {
  // In the middle of a transition, as of the theme, colours are none of ours.
  await page.evaluate(async () => {
    const ending = document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ending.map(({ finished }) => finished));
  });
  // Legacy mode runs in the page itself. The default opens another page for each check, which takes twice as long.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const found = serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
  expect(found).toEqual([]);
}

/** Polls a condition until it is true. */
export async function eventually(what: string, holds: () => Promise<boolean>, timeout = TIMEOUT_MS): Promise<void> {
  const end = Date.now() + timeout;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not true after ${timeout} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
