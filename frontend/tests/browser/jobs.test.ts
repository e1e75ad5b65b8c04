import { beforeAll, describe, expect, it } from "vitest";
import {
  api,
  card,
  cardIn,
  checkAccessibility,
  createTicket,
  createWorkflow,
  eventually,
  openBoard,
  screenshot,
  signedIn,
  signedInMember,
  waitUntilLive,
  withBrowser,
} from "./harness";
import { createJob, Worker } from "./worker";

withBrowser();

let workflow: string;
let worker: Worker;
beforeAll(async () => {
  workflow = await createWorkflow("Jobs");
  worker = await Worker.create(workflow);
});

const statusOf = async (id: string) => (await api<{ status: string }>("GET", `/api/jobs/${id}`)).status;

describe("jobs", () => {
  it("show live status and progress on the ticket's card", async () => {
    const ticket = await createTicket(workflow, "Worked on");
    const page = await openBoard(workflow);
    await card(page, ticket.ticket_id).waitFor();
    await createJob(ticket.ticket_id);
    const strip = card(page, ticket.ticket_id).locator("[data-job]");
    await strip.getByText("Queued").waitFor();
    const lease = await worker.claim();
    await cardIn(page, "in_progress", ticket.ticket_id).locator('[data-job-status="running"]').waitFor();
    await lease.progress(40, "Reading the code");
    await strip.getByText("40%").waitFor();
    expect(await strip.getByRole("progressbar").getAttribute("aria-valuenow")).toBe("40");
    await screenshot(page, "board-job");
    await api("POST", `/api/jobs/${lease.job.job_id}/pause`, {});
    await strip.getByText(/Paused/).waitFor();
    await api("POST", `/api/jobs/${lease.job.job_id}/resume`, {});
    await lease.stage("review");
    await cardIn(page, "review", ticket.ticket_id).waitFor();
    await lease.complete({ resolution_comment: "It is done as described." });
    await strip.waitFor({ state: "detached" });
    await card(page, ticket.ticket_id).getByText("Resolved").waitFor();
  });

  it("are created and controlled from the ticket", async () => {
    const ticket = await createTicket(workflow, "Start here");
    const page = await openBoard(workflow);
    await page.goto(`/w/${workflow}/t/${ticket.ticket_id}`);
    const drawer = page.getByRole("dialog", { name: /Start here/ });
    await drawer.getByRole("button", { name: "New job" }).click();
    const dialog = page.getByRole("dialog", { name: /New job for/ });
    expect(await dialog.getByLabel("Stages").inputValue()).toContain("in_progress");
    await dialog.getByLabel("Prompt").fill("Do it, please.");
    await checkAccessibility(page);
    await dialog.getByRole("button", { name: "Queue job" }).click();
    const section = drawer.getByRole("region", { name: "Jobs" });
    await section.getByText("Queued").waitFor();
    await section.getByRole("button", { name: /^Pause/ }).click();
    await section.getByText("Paused").waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await section.getByText("Queued").waitFor();
    await section.getByRole("button", { name: /^Cancel/ }).click();
    await section.getByText("Cancelled").waitFor();
    await section.getByRole("button", { name: /^Retry/ }).click();
    await section.getByText("Queued").waitFor();
    const lease = await worker.claim();
    await section.getByText("Running").waitFor();
    // Cancelling a running job needs a confirmation.
    await section.getByRole("button", { name: /^Cancel/ }).click();
    await page.getByRole("button", { name: "Cancel job" }).click();
    await section.getByText("Stopping").waitFor();
    expect((await lease.heartbeat()).cancel_requested).toBe(true);
    await lease.cancelled();
    await section.getByText("Cancelled").waitFor();
    await drawer.getByRole("tab", { name: /History/ }).click();
    await screenshot(page, "ticket-jobs");
  });

  it("are listed, filtered and paginated", async () => {
    const own = await createWorkflow("Many jobs");
    const ticket = await createTicket(own, "Much to do");
    for (let i = 1; i <= 55; i += 1) await createJob(ticket.ticket_id, { title: `Piece ${i}`, queue: i % 2 === 0 });
    const page = await (await signedIn()).newPage();
    await page.goto(`/w/${own}/jobs`);
    await waitUntilLive(page);
    const rows = page.getByRole("list", { name: "Jobs" }).locator("li");
    await eventually("the first page is shown", async () => (await rows.count()) === 50);
    expect(await rows.first().getByRole("link").first().textContent()).toBe("Piece 55");
    await page.getByRole("button", { name: "Show more" }).click();
    await eventually("all jobs are shown", async () => (await rows.count()) === 55);
    await page.getByLabel("Status", { exact: true }).selectOption("queued");
    await eventually("only queued jobs are shown", async () => (await rows.count()) === 27);
    await page.getByLabel("Search jobs by title").fill("piece 44");
    await eventually("one job is shown", async () => (await rows.count()) === 1);
    expect(page.url()).toContain("show=queued");
    await checkAccessibility(page);
    await screenshot(page, "jobs");
    // A new job appears live without an open board.
    await createJob(ticket.ticket_id, { title: "Piece 44 again" });
    await rows.getByText("Piece 44 again").waitFor();
  });

  it("show a notification when they fail", async () => {
    const ticket = await createTicket(workflow, "Goes wrong");
    await createJob(ticket.ticket_id, { title: "Bound to fail" });
    const page = await openBoard(workflow);
    const lease = await worker.claim();
    await lease.fail("The disk is full.");
    await page.getByText("Job “Bound to fail” failed").waitFor();
    await page.getByRole("button", { name: "View job", exact: true }).click();
    await page.getByRole("heading", { name: "Bound to fail" }).waitFor();
    await page.getByText("Job failed").waitFor();
    expect(await statusOf(lease.job.job_id)).toBe("failed");
  });

  it("can be purged only in development mode", async () => {
    const own = await createWorkflow("Purged jobs");
    // A purge deletes the user's jobs in every workflow, and other tests create theirs as the administrator.
    const page = await (await signedInMember(own, "Purger")).newPage();
    await page.goto(`/w/${own}/jobs`);
    await page.getByRole("button", { name: "New job" }).first().waitFor();
    const { dev_mode } = await api<{ dev_mode: boolean }>("GET", "/api/auth/options");
    if (!dev_mode) {
      expect(await page.getByRole("button", { name: "Purge jobs" }).count()).toBe(0);
      return;
    }
    await page.keyboard.press("n");
    const dialog = page.getByRole("dialog", { name: "New job" });
    await dialog.getByLabel("Prompt").fill("Purge me");
    await dialog.getByRole("button", { name: "Save as draft" }).click();
    await page.getByRole("link", { name: "Back to jobs" }).click();
    await page.getByRole("list", { name: "Jobs" }).getByText("Purge me").waitFor();
    await page.getByRole("button", { name: "Purge jobs" }).click();
    await page.getByRole("button", { name: "Continue" }).click();
    const last = page.getByRole("dialog", { name: "Confirm the purge" });
    expect(await last.getByRole("button", { name: "Purge all jobs" }).isDisabled()).toBe(true);
    await last.getByLabel(/Type/).fill("purge");
    await last.getByRole("button", { name: "Purge all jobs" }).click();
    await page.getByText("No jobs yet").waitFor();
  });
});
