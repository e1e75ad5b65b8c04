// @ts-check
/**
 * Takes the pictures in `screenshots/` of a server whose demo is running: the board, a job that asks a person, and the
 * search. `make screenshots` starts such a server and runs this.
 *
 * CALLBOARD_URL, CALLBOARD_ADMIN_EMAIL, CALLBOARD_ADMIN_PASSWORD say which server; CALLBOARD_CHROMIUM which browser.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const folder = join(dirname(fileURLToPath(import.meta.url)), "..", "screenshots");
const url = process.env.CALLBOARD_URL ?? "http://127.0.0.1:8080";
const email = process.env.CALLBOARD_ADMIN_EMAIL;
const password = process.env.CALLBOARD_ADMIN_PASSWORD;
/** The demo asks a person in about half of its jobs. */
const PATIENCE_MS = 5 * 60_000;
const BETWEEN_MS = 500;

const browser = await chromium.launch({
  executablePath: process.env.CALLBOARD_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const context = await browser.newContext({
  baseURL: url,
  viewport: { width: 1440, height: 900 },
  reducedMotion: "reduce",
  colorScheme: "light",
});
const { request } = context;

/**
 * @param {string} token_mode
 * @returns {Promise<any>}
 */
async function signIn(token_mode) {
  const answer = await request.post("/api/auth/login", {
    data: { email, password, token_mode },
    headers: { origin: url },
  });
  if (!answer.ok()) throw new Error(`sign-in failed: ${answer.status()} ${await answer.text()}`);
  return answer.json();
}

const { access } = await signIn("json");
await signIn("cookie");

/**
 * @param {string} path
 * @returns {Promise<any>}
 */
async function get(path) {
  const answer = await request.get(path, { headers: { authorization: `Bearer ${access}` } });
  if (!answer.ok()) throw new Error(`GET ${path}: ${answer.status()} ${await answer.text()}`);
  return answer.json();
}

/**
 * Asks until there is something.
 * @template T
 * @param {string} what
 * @param {() => Promise<T | null | undefined | false>} look
 * @returns {Promise<T>}
 */
async function until(what, look) {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; ) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
  }
  throw new Error(`waited in vain for ${what}`);
}

/**
 * @param {string} path
 * @param {string} name
 * @param {(page: import("playwright-core").Page) => Promise<unknown>} ready
 * @param {{ width: number, height: number }} [viewport]
 */
async function shoot(path, name, ready, viewport) {
  const page = await context.newPage();
  if (viewport) await page.setViewportSize(viewport);
  await page.goto(path);
  await page.locator('[data-testid="live-status"][data-status="live"]').waitFor();
  await ready(page);
  await page.screenshot({ path: join(folder, `${name}.png`) });
  await page.close();
}

// The messages that something happened would cover what the pictures are of.
await context.addInitScript(() => {
  const style = document.createElement("style");
  style.textContent = "[data-sonner-toaster] { display: none }";
  document.addEventListener("DOMContentLoaded", () => document.head.append(style));
});
const workflow = await until("the demo's workflow", async () => {
  const { workflows } = await get("/api/workflows");
  return workflows.find((/** @type {any} */ one) => one.name.startsWith("Demo"))?.id;
});
const asking = await until("a job that asks a person, beside one that runs", async () => {
  const { jobs } = await get(`/api/jobs?workflow_id=${workflow}&status=running,waiting`);
  const waiting = jobs.find((/** @type {any} */ job) => job.status === "waiting");
  return jobs.some((/** @type {any} */ job) => job.status === "running" && job.progress > 0) && waiting;
});
await shoot(`/w/${workflow}`, "board", (page) => page.locator('[data-job-status="waiting"]').first().waitFor(), {
  width: 1760,
  height: 990,
});
await shoot(`/w/${workflow}/jobs/${asking.job_id}`, "job", async (page) => {
  await page.getByRole("log", { name: "Transcript" }).getByRole("article").first().waitFor();
  await page.getByRole("article", { name: /^Question/ }).waitFor();
});
await shoot(`/w/${workflow}/search?q=price+is+wrong+at+checkout`, "search", async (page) => {
  await page.locator("mark").first().waitFor();
  await page.getByText(/^\d+ comments?$/).waitFor();
});
await browser.close();
