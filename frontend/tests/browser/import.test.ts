import { describe, expect, it } from "vitest";
import {
  api,
  checkAccessibility,
  createTicket,
  createWorkflow,
  screenshot,
  signedIn,
  signedInMember,
  withBrowser,
} from "./harness";

withBrowser();

const LINEAR = `ID,Team,Title,Description,Status,Priority,Assignee,Created,Started,Completed,Initiatives
PORT-1,Port,Berth plan,One row a berth.,Done,High,ada@port.example,2025-02-03T09:00:00Z,2025-02-04T09:00:00Z,2025-02-12T15:00:00Z,Harbor
PORT-2,Port,Crane data,,Parked,Low,,soon,,,
`;
const BROKEN = `${LINEAR}PORT-2,Port,Crane data again,,Todo,,,,,,\n`;
const file = (name: string, text: string) => ({ name, mimeType: "text/plain", buffer: Buffer.from(text) });
const ticketsOf = async (workflow: string) =>
  (
    await api<{ tickets: Array<{ title: string; status: string }> }>(
      "GET",
      `/api/tickets?workflow_id=${workflow}&include_completed=true`,
    )
  ).tickets;

describe("importing", () => {
  it("shows a preview, takes a choice, imports, and reports", async () => {
    const workflow = await createWorkflow("Imports");
    const page = await (await signedIn()).newPage();
    await page.goto(`/w/${workflow}/settings`);
    await page.getByRole("link", { name: "Import…" }).click();
    await page.getByLabel("Format").selectOption({ label: "Linear" });
    await page.getByText("Export in Linear:").waitFor();
    await page.getByLabel("Files to import").setInputFiles(file("linear.csv", LINEAR));
    await page.getByRole("heading", { name: "This looks like a Linear CSV export" }).waitFor();
    await page.getByText("2 new tickets.").waitFor();
    await page.getByText('Line 3 has "soon" as Created, not a time.').waitFor();
    await page.getByText("column Initiatives").waitFor();

    await page.getByLabel("Column of state Parked").selectOption({ label: "Code Review" });
    await page.getByLabel("Examples").getByText("PORT-2 · Code Review").waitFor();
    await page.getByRole("button", { name: "Try without writing" }).click();
    await page.getByLabel("The import would write").getByText("tickets created").waitFor();
    expect(await ticketsOf(workflow)).toEqual([]);

    await page.getByRole("button", { name: "Import 2 tickets" }).click();
    const report = page.getByRole("region", { name: "Report" });
    await report.getByText("linear.csv is imported").waitFor();
    const download = page.waitForEvent("download");
    await report.getByRole("button", { name: "Download report" }).click();
    expect((await download).suggestedFilename()).toMatch(/^import-report-.*\.json$/);
    const imported = (await ticketsOf(workflow)).map(({ title, status }) => `${title}: ${status}`).sort();
    expect(imported).toEqual(["Berth plan: done", "Crane data: review"]);

    // Again: known tickets are skipped until updates are wanted, and the choice is remembered.
    await report.getByRole("button", { name: "Import another file" }).click();
    await page
      .getByLabel("Files to import")
      .setInputFiles(file("newer.csv", LINEAR.replace("Crane data", "Crane telemetry")));
    await page.getByText("Your choices of the last import are used again.").waitFor();
    await page.getByText("2 tickets of the file were imported before and will be skipped.").waitFor();
    expect(await page.getByRole("button", { name: /^Import 0 tickets/ }).isDisabled()).toBe(true);
    await page.getByRole("switch", { name: "Update tickets that were imported before" }).click();
    await page.getByRole("button", { name: "Import 0 tickets and update 2" }).click();
    await report.getByText("newer.csv is imported").waitFor();
    await report.getByText("ticket updated").waitFor();
    expect((await ticketsOf(workflow)).map(({ title }) => title).sort()).toEqual(["Berth plan", "Crane telemetry"]);
  });

  it("says how far a long import is", async () => {
    const workflow = await createWorkflow("Long import");
    const page = await (await signedIn()).newPage();
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route(`**/api/workflows/${workflow}/import`, async (route) => {
      if (route.request().method() === "GET") {
        return route.fulfill({ json: { progress: { step: "search", done: 1_500, total: 6_000 } } });
      }
      await held;
      return route.continue();
    });
    await page.goto(`/w/${workflow}/import`);
    await page.getByLabel("Files to import").setInputFiles(file("linear.csv", LINEAR));
    await page.getByRole("button", { name: "Import 2 tickets" }).click();
    await page.getByText("Step 3 of 3: search, 1,500 of 6,000 tickets").waitFor();
    const bar = page.getByRole("progressbar", { name: "Progress of the import" });
    expect(await bar.getAttribute("aria-valuenow")).toBe("25");
    await screenshot(page, "import-progress");
    await checkAccessibility(page);
    release();
    await page.getByRole("region", { name: "Report" }).getByText("linear.csv is imported").waitFor();
  });

  it("keeps file and choices when it fails, and names the line", async () => {
    const workflow = await createWorkflow("Refused");
    const page = await (await signedIn()).newPage();
    await page.goto(`/w/${workflow}/import`);
    await page.getByLabel("Files to import").setInputFiles(file("notes.txt", "Hello"));
    await page.getByRole("alert").getByText("notes.txt is of no known format").waitFor();

    await page.getByLabel("Files to import").setInputFiles(file("broken.csv", BROKEN));
    await page.getByText("Line 4 repeats the id PORT-2 of line 3.").waitFor();
    await page.getByLabel("Column of state Parked").selectOption({ label: "Code Review" });
    await page.getByRole("switch", { name: "Import nothing if a line or value is invalid" }).click();
    await page.getByRole("button", { name: "Import 2 tickets" }).click();
    await page
      .getByRole("alert")
      .getByText(/^broken\.csv has 1 invalid lines .* line 4 repeats the id PORT-2/)
      .waitFor();
    expect(await ticketsOf(workflow)).toEqual([]);
    expect(await page.getByLabel("Column of state Parked").inputValue()).toBe("review");

    await page.getByRole("switch", { name: "Import nothing if a line or value is invalid" }).click();
    await page.getByRole("button", { name: "Import 2 tickets" }).click();
    await page.getByRole("region", { name: "Report" }).waitFor();
    expect(await ticketsOf(workflow)).toHaveLength(2);
  });

  it("reads several files as one export", async () => {
    const workflow = await createWorkflow("Folder");
    const page = await (await signedIn()).newPage();
    await page.goto(`/w/${workflow}/import`);
    const task = (id: number, created: string) =>
      file(`task-${id}.md`, `---\nid: task-${id}\ntitle: Tide ${id}\nstatus: To Do\ncreated_date: ${created}\n---\n`);
    await page.getByLabel("Files to import").setInputFiles([task(1, "2025-05-01"), task(2, "soon")]);
    await page.getByRole("heading", { name: "This looks like a Backlog.md folder" }).waitFor();
    await page.getByText('Line 5 of task-2.md has "soon" as created_date, not a time.').waitFor();
    await page.getByRole("button", { name: "Import 2 tickets" }).click();
    await page.getByRole("region", { name: "Report" }).waitFor();
    expect((await ticketsOf(workflow)).map(({ title }) => title).sort()).toEqual(["Tide 1", "Tide 2"]);
  });

  it("follows the creation of a workflow", async () => {
    const page = await (await signedIn()).newPage();
    await page.goto("/");
    await page.getByRole("button", { name: "New workflow" }).first().click();
    await page.getByLabel("Name").fill(`From Jira ${Date.now().toString(36)}`);
    await page.getByRole("button", { name: "Create and import…" }).click();
    await page.getByRole("heading", { name: /^Import into From Jira/ }).waitFor();
  });

  it("is for owners", async () => {
    const workflow = await createWorkflow("Members");
    await createTicket(workflow, "Here already");
    const page = await (await signedInMember(workflow, "Imke")).newPage();
    await page.goto(`/w/${workflow}/import`);
    await page.getByText("Only owners can import tickets.").waitFor();
  });
});

for (const [name, options] of [
  ["light", { colorScheme: "light" }],
  ["dark", { colorScheme: "dark" }],
  ["phone", { viewport: { width: 375, height: 700 } }],
] as const) {
  it(`is accessible (${name})`, async () => {
    const workflow = await createWorkflow("Accessible");
    const page = await (await signedIn(options)).newPage();
    await page.goto(`/w/${workflow}/import`);
    await page.getByLabel("Files to import").setInputFiles(file("broken.csv", BROKEN));
    await page.getByRole("button", { name: "Import 2 tickets" }).waitFor();
    await checkAccessibility(page);
    await screenshot(page, `import-${name}`);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
    await page.getByRole("button", { name: "Import 2 tickets" }).click();
    await page.getByRole("region", { name: "Report" }).waitFor();
    await checkAccessibility(page);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
  });
}
