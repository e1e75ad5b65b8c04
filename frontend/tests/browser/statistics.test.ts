/** The statistics page: what charts show, their tables, SQL and CSV, and that they follow the workflow. */
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  api,
  type CreatedTicket,
  checkAccessibility,
  createTicket,
  createWorkflow,
  eventually,
  moveTicket,
  openBoard,
  screenshot,
  signedIn,
  waitUntilLive,
  withBrowser,
} from "./harness";

withBrowser();

let workflow: string;
let finished: CreatedTicket;

const chart = (page: Page, id: string) => page.locator(`article[data-chart="${id}"]`);

async function openStatistics(id: string, search = "", options: Parameters<typeof signedIn>[0] = {}): Promise<Page> {
  const page = await (await signedIn(options)).newPage();
  await page.goto(`/w/${id}/statistics${search}`);
  await waitUntilLive(page);
  await page.locator("article[data-seq]").first().waitFor();
  return page;
}

/** Brings a chart into view, and waits until it has been read. */
async function show(page: Page, id: string) {
  const one = chart(page, id);
  await one.scrollIntoViewIfNeeded();
  await page.locator(`article[data-chart="${id}"][data-seq]`).waitFor();
  return one;
}

beforeAll(async () => {
  workflow = await createWorkflow("Statistics");
  const { milestone_id } = await api<{ milestone_id: string }>("POST", `/api/workflows/${workflow}/milestones`, {
    name: "Beta",
    due_on: new Date(Date.now() + 6 * 86_400_000).toISOString().slice(0, 10),
  });
  finished = await createTicket(workflow, "Login times out", { ticket_type: "bug", priority: "high" });
  await api("POST", "/api/tickets/update", {
    ticket_id: finished.ticket_id,
    updates: { story_points: 3, milestone_id },
  });
  await moveTicket(finished.ticket_id, "in_progress");
  await moveTicket(finished.ticket_id, "done");
  const active = await createTicket(workflow, "Export orders", { ticket_type: "feature", priority: "low" });
  await moveTicket(active.ticket_id, "in_progress");
  for (const usage of [
    { input_tokens: 1200, output_tokens: 80, cost: "0.0125", currency: "USD" },
    { input_tokens: 500, output_tokens: 20, cost: "2", currency: "EUR" },
  ]) {
    await api("POST", `/api/tickets/${finished.ticket_id}/usage`, { model: "large-1", ...usage });
  }
});

describe("the statistics page", () => {
  it("is reached from the board, and shows each chart when it comes into view", async () => {
    const page = await openBoard(workflow);
    await page.getByRole("button", { name: "Board menu" }).click();
    await page.getByRole("menuitem", { name: "Statistics" }).click();
    await page.getByRole("heading", { level: 1, name: "Statistics" }).waitFor();
    const columns = await show(page, "status");
    await columns.getByText("In Progress").waitFor();
    expect(await chart(page, "tokens").getAttribute("data-seq")).toBeNull();
    const cells = (await show(page, "type-priority")).getByRole("table");
    expect(await cells.getByRole("row", { name: /Feature/ }).textContent()).toMatch(/1$/);
    const velocity = await show(page, "velocity");
    expect(await velocity.getByRole("img").getAttribute("aria-label")).toMatch(/Story points: last 3/);
    for (const id of ["cumulative-flow", "throughput", "cycle-scatter", "time-in-column", "burndown", "burn-up"]) {
      await show(page, id);
    }
    await (await show(page, "tokens")).getByRole("img").waitFor();
    await (await show(page, "blocked")).getByText("No ticket was blocked by another one").waitFor();
  });

  it("is an action of the palette", async () => {
    const page = await openBoard(workflow);
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog").getByRole("combobox").fill("statistics");
    await page.getByRole("option", { name: "Go to statistics" }).click();
    await page.waitForURL(/\/statistics/);
  });

  it("has a table, the SQL and a CSV of each chart", async () => {
    const page = await openStatistics(workflow);
    const throughput = await show(page, "throughput");
    await throughput.getByRole("button", { name: "Throughput as a table" }).click();
    const table = throughput.getByRole("table");
    expect(await table.getByRole("columnheader").allTextContents()).toContain("Story points");
    expect(await table.getByRole("row").last().textContent()).toMatch(/213/);
    await throughput.getByRole("button", { name: "SQL of Throughput" }).click();
    const sql = await page.getByTestId("report-sql").textContent();
    expect(sql).toContain(`from throughput('${workflow}'`);
    await page.keyboard.press("Escape");
    const downloading = page.waitForEvent("download");
    await throughput.getByRole("button", { name: "Throughput as CSV" }).click();
    expect((await downloading).suggestedFilename()).toMatch(/^throughput-\d{4}-\d{2}-\d{2}-\d{4}-\d{2}-\d{2}\.csv$/);
  });

  it("keeps range, periods, group and time zone in the address", async () => {
    const page = await openStatistics(workflow);
    await page.getByRole("button", { name: "90 days" }).click();
    await page.getByRole("combobox", { name: "Length of a period" }).selectOption("month");
    await page.getByRole("combobox", { name: "Group cycle times by" }).selectOption("priority");
    await page.getByRole("combobox", { name: "Time zone" }).focus();
    await page.getByRole("combobox", { name: "Time zone" }).selectOption("Asia/Tokyo");
    await page.waitForURL(/range=90d.*unit=month.*group=priority.*tz=Asia/);
    await page.reload();
    expect(await page.getByRole("button", { name: "90 days" }).getAttribute("aria-pressed")).toBe("true");
    const times = await show(page, "cycle-times");
    await times.getByRole("button", { name: "SQL of Cycle time over time" }).click();
    const sql = page.getByTestId("report-sql");
    expect(await sql.textContent()).toMatch(/time_zone => 'Asia\/Tokyo', unit => 'month', group_by => 'priority'/);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Custom…" }).click();
    await page.getByLabel("First day").fill("2026-01-05");
    await page.getByLabel("Last day").fill("2026-01-01");
    await page.getByText("The first day is after the last.").waitFor();
    await page.getByLabel("Last day").fill("2026-01-18");
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await page.waitForURL(/from=2026-01-05.*to=2026-01-18/);
    await (await show(page, "throughput")).getByText("Nothing was created or completed").waitFor();
  });

  it("says the values of a chart to the keyboard", async () => {
    const page = await openStatistics(workflow);
    const throughput = await show(page, "throughput");
    const slider = throughput.getByRole("slider");
    await slider.focus();
    await page.keyboard.press("End");
    expect(await slider.getAttribute("aria-valuetext")).toMatch(/Created 2, Completed 1$/);
    expect(await throughput.getByTestId("chart-tip").textContent()).toContain("Completed");
    await page.keyboard.press("ArrowLeft");
    expect(await slider.getAttribute("aria-valuetext")).toMatch(/Created 0, Completed 0$/);
    await page.keyboard.press("Escape");
    expect(await throughput.getByTestId("chart-tip").count()).toBe(0);
    const dots = (await show(page, "cycle-scatter")).getByRole("slider");
    await dots.focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("Enter");
    await page.waitForURL(new RegExp(`/t/${finished.ticket_id}`));
  });

  it("adds no currencies, and says what was not reported", async () => {
    const page = await openStatistics(workflow);
    const cost = await show(page, "cost");
    await cost.getByText("€2.00 reported in all").waitFor();
    await cost.getByText("$0.0125 reported in all").waitFor();
    const dollars = cost.getByRole("slider", { name: /USD/ });
    await dollars.focus();
    await page.keyboard.press("Home");
    expect(await dollars.getAttribute("aria-valuetext")).toMatch(/USD no report$/);
    await cost.getByRole("button", { name: "Cost as a table" }).click();
    expect(await cost.getByRole("row").nth(1).textContent()).toContain("no report");
  });

  it("follows the workflow, in each browser that shows it", async () => {
    const own = await createWorkflow("Followed");
    const first = await createTicket(own, "First");
    const pages = [await openStatistics(own), await openStatistics(own)];
    const slider = (page: Page) => chart(page, "throughput").getByRole("slider");
    for (const page of pages) {
      await show(page, "throughput");
      expect(await slider(page).getAttribute("aria-valuetext")).toMatch(/Created 1, Completed 0$/);
    }
    await createTicket(own, "Second");
    await moveTicket(first.ticket_id, "in_progress");
    await moveTicket(first.ticket_id, "done");
    for (const page of pages) {
      await eventually("the chart shows what happened", async () =>
        /Created 2, Completed 1$/.test((await slider(page).getAttribute("aria-valuetext")) ?? ""),
      );
    }
  });

  it("begins with alerts that say what to do, and follow the work", async () => {
    const watched = await createWorkflow("Watched");
    const file = { id: "a-1", title: "Pay out refunds", status: "open", priority: 0, issue_type: "bug" };
    await api("POST", `/api/workflows/${watched}/import`, {
      format: "beads",
      content: JSON.stringify({ ...file, created_at: "2026-01-05T09:00:00Z", updated_at: "2026-01-05T09:00:00Z" }),
    });
    await api("POST", "/api/agents", { id: `busy-${watched}`, kind: "agent", workflows: [watched] });
    await api("PATCH", `/api/workflows/${watched}/finding-thresholds`, { max_open_tickets: 1 });
    const page = await openStatistics(watched, "", { colorScheme: "dark" });
    const alerts = page.getByRole("region", { name: "Alerts" });
    await alerts.getByText("1 urgent unassigned ticket").waitFor();
    // Another finding appears without a reload, with what to do about it.
    for (const title of ["Count the stock", "Print the labels"]) {
      await createTicket(watched, title, { assigned_agent_id: `busy-${watched}` });
    }
    await alerts.getByText("1 overloaded assignee").waitFor();
    await alerts.getByRole("link", { name: "View agents" }).waitFor();
    await checkAccessibility(page);
    await screenshot(page, "statistics-alerts");
    await alerts.getByRole("button", { name: "SQL of Alerts" }).click();
    expect(await page.getByTestId("report-sql").textContent()).toMatch(/from findings/);
    await page.keyboard.press("Escape");
    const downloading = page.waitForEvent("download");
    await alerts.getByRole("button", { name: "Alerts as CSV" }).click();
    expect((await downloading).suggestedFilename()).toMatch(/^findings.*\.csv$/);
    await alerts.getByRole("button", { name: "Alerts as a table" }).click();
    const urgent = alerts.getByRole("row", { name: /Urgent unassigned/ });
    await urgent.waitFor();
    await checkAccessibility(page);
    await urgent.getByRole("button", { name: "Open" }).waitFor();
    await alerts.getByRole("button", { name: "Alerts as a table" }).click();
    await alerts.getByRole("button", { name: /^Open TKT-/ }).click();
    await page.getByRole("dialog", { name: /Pay out refunds/ }).waitFor();
  });

  it("says of an empty workflow why there is nothing", async () => {
    const page = await openStatistics(await createWorkflow("Empty"));
    await (await show(page, "status")).getByText("There are no tickets yet").waitFor();
    await (await show(page, "cost")).getByText("That is no report, not a cost of 0").waitFor();
    await page.getByText("There are no milestones yet").waitFor();
    await checkAccessibility(page);
  });

  it.each(["light", "dark"] as const)("is accessible in the %s theme", async (colorScheme) => {
    const page = await openStatistics(workflow, "", { colorScheme, viewport: { width: 1280, height: 4000 } });
    for (const id of ["status", "cumulative-flow", "cycle-scatter", "cost"]) await show(page, id);
    await (await show(page, "workload")).getByRole("button", { name: "Workload as a table" }).click();
    await checkAccessibility(page);
    await screenshot(page, `statistics-${colorScheme}`);
  });

  it("fits a phone", async () => {
    const page = await openStatistics(workflow, "", { viewport: { width: 375, height: 3000 }, hasTouch: true });
    await show(page, "cycle-scatter");
    const widths = await page.evaluate(() =>
      [document.documentElement, ...document.querySelectorAll("[data-scrolls], article[data-chart]")].map((element) => [
        element.scrollWidth,
        element.clientWidth,
      ]),
    );
    expect(widths.filter(([scroll = 0, client = 0]) => scroll > client + 1)).toEqual([]);
    await checkAccessibility(page);
    await screenshot(page, "statistics-phone");
  });
});
