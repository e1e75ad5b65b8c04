// @ts-check
/**
 * Takes the screenshots in `screenshots/`: the board, a job that waits for an approval, and the search. It needs a
 * server with the demo running; `make screenshots` starts one and runs this script.
 *
 * Environment: CALLBOARD_URL, CALLBOARD_ADMIN_EMAIL, CALLBOARD_ADMIN_PASSWORD, and CALLBOARD_CHROMIUM for the browser.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const folder = join(dirname(fileURLToPath(import.meta.url)), "..", "screenshots");
const url = process.env.CALLBOARD_URL ?? "http://127.0.0.1:8080";
const email = process.env.CALLBOARD_ADMIN_EMAIL;
const password = process.env.CALLBOARD_ADMIN_PASSWORD;
/** About half of the demo's jobs request an approval, so the first one may take a while. */
const TIMEOUT_MS = 5 * 60_000;
const POLL_INTERVAL_MS = 500;

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
  const response = await request.post("/api/auth/login", {
    data: { email, password, token_mode },
    headers: { origin: url },
  });
  if (!response.ok()) throw new Error(`sign-in failed: ${response.status()} ${await response.text()}`);
  return response.json();
}

const { access } = await signIn("json");
await signIn("cookie");

/**
 * @param {string} path
 * @returns {Promise<any>}
 */
async function get(path) {
  const response = await request.get(path, { headers: { authorization: `Bearer ${access}` } });
  if (!response.ok()) throw new Error(`GET ${path}: ${response.status()} ${await response.text()}`);
  return response.json();
}

/**
 * Polls `read` until it returns a value.
 * @template T
 * @param {string} what
 * @param {() => Promise<T | null | undefined | false>} read
 * @returns {Promise<T>}
 */
async function waitFor(what, read) {
  for (const end = Date.now() + TIMEOUT_MS; Date.now() < end; ) {
    const found = await read();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
  }
  throw new Error(`timed out waiting for ${what}`);
}

/**
 * @param {string} path
 * @param {string} name
 * @param {(page: import("playwright-core").Page) => Promise<unknown>} ready
 * @param {{ width: number, height: number }} [viewport]
 */
async function takeScreenshot(path, name, ready, viewport) {
  const page = await context.newPage();
  if (viewport) await page.setViewportSize(viewport);
  await page.goto(path);
  await page.locator('[data-testid="live-status"][data-status="live"]').waitFor();
  await ready(page);
  await page.screenshot({ path: join(folder, `${name}.png`) });
  await page.close();
}

// Toasts would cover parts of the page.
await context.addInitScript(() => {
  const style = document.createElement("style");
  style.textContent = "[data-sonner-toaster] { display: none }";
  document.addEventListener("DOMContentLoaded", () => document.head.append(style));
});
const workflow = await waitFor("the demo's workflow", async () => {
  const { workflows } = await get("/api/workflows");
  return workflows.find((/** @type {any} */ one) => one.name.startsWith("Demo"))?.id;
});
const waitingJob = await waitFor("a waiting job beside a running one", async () => {
  const { jobs } = await get(`/api/jobs?workflow_id=${workflow}&status=running,waiting`);
  const waiting = jobs.find((/** @type {any} */ job) => job.status === "waiting");
  return jobs.some((/** @type {any} */ job) => job.status === "running" && job.progress > 0) && waiting;
});
await takeScreenshot(
  `/w/${workflow}`,
  "board",
  (page) => page.locator('[data-job-status="waiting"]').first().waitFor(),
  {
    width: 1760,
    height: 990,
  },
);
await takeScreenshot(`/w/${workflow}/jobs/${waitingJob.job_id}`, "job", async (page) => {
  await page.getByRole("log", { name: "Transcript" }).getByRole("article").first().waitFor();
  await page.getByRole("article", { name: /^Question/ }).waitFor();
});
await takeScreenshot(`/w/${workflow}/search?q=price+is+wrong+at+checkout`, "search", async (page) => {
  await page.locator("mark").first().waitFor();
  await page.getByText(/^\d+ comments?$/).waitFor();
});
await browser.close();
