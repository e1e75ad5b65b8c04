// @ts-check
/**
 * Measures the dashboard in a headless Chromium with a board of 2,403 tickets, and prints one table with the aims beside the
 * numbers. `make bench-ui` starts a server and runs it.
 *
 * Environment: CALLBOARD_URL, CALLBOARD_ADMIN_EMAIL, CALLBOARD_ADMIN_PASSWORD, CALLBOARD_CHROMIUM; and
 * BENCH_DIST=folder measures that build of the dashboard instead of the server's own, BENCH_OLD=file compares with that
 * result instead of the newest one, BENCH_RUNS and BENCH_EVENTS are the numbers of page loads and of events.
 */
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { median, newest, percentile, read, save, table } from "./bench/report.mjs";
import { CARDS, Server } from "./bench/server.mjs";
import { serveDashboard } from "./serve.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const folder = resolve(here, "../../target/bench-ui");
const server = process.env.CALLBOARD_URL ?? "http://127.0.0.1:8080";
const email = process.env.CALLBOARD_ADMIN_EMAIL ?? "";
const password = process.env.CALLBOARD_ADMIN_PASSWORD ?? "";
const RUNS = Number(process.env.BENCH_RUNS ?? 5);
const EVENTS = Number(process.env.BENCH_EVENTS ?? 10_000);
const PROBES = 100;
const BULK = 100;
const TIMEOUT_MS = 300_000;

const say = (/** @type {string} */ text) => process.stderr.write(`${text}\n`);
const pause = (/** @type {number} */ ms) => new Promise((done) => setTimeout(done, ms));

const api = new Server(server, email, password);
const earlier = process.env.BENCH_OLD ? read(process.env.BENCH_OLD) : newest(folder);
const workflow = await api.fill((made) => say(`${made} of ${CARDS} tickets`));
const own = process.env.BENCH_DIST ? await serveDashboard(server, 0, resolve(process.env.BENCH_DIST)) : null;
const url = own?.url ?? server;
const browser = await chromium.launch({
  executablePath: process.env.CALLBOARD_CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-precise-memory-info",
  ],
});

/** A browser that has never been here, but is signed in. */
async function newContext() {
  const context = await browser.newContext({ baseURL: url, viewport: { width: 1440, height: 900 } });
  context.setDefaultTimeout(TIMEOUT_MS);
  await context.addInitScript(readFileSync(join(here, "bench/probe.js"), "utf8"));
  const answer = await context.request.post("/api/auth/login", {
    data: { email, password, token_mode: "cookie" },
    headers: { origin: url },
  });
  if (!answer.ok()) throw new Error(`sign-in failed: ${answer.status()}`);
  return context;
}

/**
 * Loads the board and waits until its cards are painted.
 * @param {import("playwright-core").Page} page
 */
async function load(page) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Network.enable");
  await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
  /** @type {Map<string, { script: boolean, at: number }>} */
  const requests = new Map();
  const bytes = { first: 0, all: 0, total: 0 };
  let painted = false;
  cdp.on("Network.responseReceived", ({ requestId, type }) =>
    requests.set(requestId, { script: type === "Script", at: 0 }),
  );
  cdp.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    bytes.total += encodedDataLength;
    if (!requests.get(requestId)?.script) return;
    bytes.all += encodedDataLength;
    if (!painted) bytes.first += encodedDataLength;
  });
  await page.goto(`/w/${workflow}`, { waitUntil: "commit" });
  await page.waitForFunction(() => /** @type {any} */ (window).__bench.cards > 0);
  painted = true;
  const { metrics } = await cdp.send("Performance.getMetrics");
  const processor = (metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0) * 1_000;
  await page.locator('[data-testid="live-status"][data-status="live"]').waitFor();
  await pause(3_000);
  const { cards, blocking } = await page.evaluate(() => /** @type {any} */ (window).__bench);
  await cdp.detach();
  return { cards, blocking, processor, bytes };
}

/** @param {import("playwright-core").Page} page */
async function heap(page) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("HeapProfiler.enable");
  for (let n = 0; n < 3; n += 1) await cdp.send("HeapProfiler.collectGarbage");
  const { usedSize } = await cdp.send("Runtime.getHeapUsage");
  await cdp.detach();
  return usedSize / 1_048_576;
}

const cold = [];
const warm = [];
for (let run = 0; run < RUNS; run += 1) {
  const context = await newContext();
  const page = await context.newPage();
  cold.push(await load(page));
  warm.push(await load(page));
  say(`page load ${run + 1} of ${RUNS}`);
  await context.close();
}

const page = await (await newContext()).newPage();
await load(page);
const { tickets } = await api.call("GET", `/api/board/${workflow}`);
const shown = await page.locator('section[data-column="todo"] [data-ticket]').first().getAttribute("data-ticket");
for (let n = 0; n < PROBES; n += 1) {
  await api.call("POST", "/api/tickets/update", {
    ticket_id: shown,
    updates: { title: `The probe-${n} of the benchmark` },
  });
  await pause(50);
}
await pause(1_000);
say("socket to pixel");

const field = page.getByLabel("Filter tickets");
await field.focus();
for (let n = 0; n < 4; n += 1) {
  await page.keyboard.type("login timeout", { delay: 60 });
  for (let back = 0; back < 13; back += 1) {
    await page.keyboard.press("Backspace", { delay: 20 });
    await pause(30);
  }
}
say("keystrokes");

const ids = tickets.map((/** @type {any} */ each) => each.ticket_id);
let changes = 0;

/**
 * Changes tickets, each of them in turn.
 * @param {number} count
 */
async function makeEvents(count) {
  for (const end = changes + count; changes < end; changes += BULK) {
    const start = changes % (ids.length - BULK);
    const updates = { priority: ["low", "high", "medium", "critical"][Math.floor(changes / ids.length) % 4] };
    await api.call("POST", "/api/tickets/bulk-update", {
      workflow_id: workflow,
      ticket_ids: ids.slice(start, start + BULK),
      updates,
    });
    if (changes % 2_000 === 0) say(`${changes} events`);
  }
  await pause(3_000);
}

// The heap includes code, which the browser compiles while the first events arrive.
await makeEvents(CARDS * 2);
const before = await heap(page);
await makeEvents(EVENTS);
const after = await heap(page);
const { sockets, keys } = await page.evaluate(() => /** @type {any} */ (window).__bench);
await browser.close();
own?.close();
if (sockets.length < PROBES / 2) say(`only ${sockets.length} of ${PROBES} changes were seen on the page`);

const kilobytes = (/** @type {number} */ size) => size / 1_000;
const rows = [
  {
    name: "first page: JavaScript on the wire",
    unit: "kB",
    aim: 220,
    value: kilobytes(median(cold.map(({ bytes }) => bytes.first))),
  },
  { name: "JavaScript once idle", unit: "kB", aim: null, value: kilobytes(median(cold.map(({ bytes }) => bytes.all))) },
  { name: `${CARDS} cards painted, cold`, unit: "ms", aim: 1_200, value: median(cold.map(({ cards }) => cards)) },
  { name: `${CARDS} cards painted, warm`, unit: "ms", aim: 500, value: median(warm.map(({ cards }) => cards)) },
  { name: "main thread blocked, cold", unit: "ms", aim: 200, value: median(cold.map(({ blocking }) => blocking)) },
  {
    name: "processor time until painted, cold",
    unit: "ms",
    aim: null,
    value: median(cold.map(({ processor }) => processor)),
  },
  {
    name: "processor time until painted, warm",
    unit: "ms",
    aim: null,
    value: median(warm.map(({ processor }) => processor)),
  },
  { name: "socket to pixel, p95", unit: "ms", aim: 30, value: percentile(sockets, 0.95) },
  { name: "socket to pixel, median", unit: "ms", aim: null, value: median(sockets) },
  { name: "key to paint, p95", unit: "ms", aim: 16, value: percentile(keys, 0.95) },
  { name: "key to paint, median", unit: "ms", aim: null, value: median(keys) },
  { name: `heap before ${EVENTS} events`, unit: "MB", aim: null, value: before },
  { name: `heap after ${EVENTS} events`, unit: "MB", aim: before * 1.1, value: after },
];
process.stdout.write(`${table(rows, earlier)}\n`);
say(`Saved in ${save(folder, rows)}`);
