import { beforeAll, describe, expect, it } from "vitest";
import {
  api,
  card,
  cardIn,
  createTicket,
  createWorkflow,
  openBoard,
  signedIn,
  waitUntilLive,
  withBrowser,
} from "./harness";
import { createJob, Worker } from "./worker";

withBrowser();

let workflow: string;
let worker: Worker;
beforeAll(async () => {
  workflow = await createWorkflow("Job lifecycles");
  worker = await Worker.create(workflow, "Lifecycle agent");
});

describe("job lifecycle", () => {
  it("follows a job from creation to completion, with its ticket", async () => {
    const board = await openBoard(workflow);
    const page = await (await signedIn()).newPage();
    await page.goto(`/w/${workflow}/jobs`);
    await waitUntilLive(page);
    await page.keyboard.press("n");
    const dialog = page.getByRole("dialog", { name: "New job" });
    await dialog.getByLabel("Prompt").fill("Paint the fence.\nBoth sides.");
    await dialog.getByLabel("Title").fill("Paint the fence");
    await dialog.getByLabel("Stages").fill("in_progress, review, varnish");
    await page.keyboard.press("Control+Enter");
    await page.getByRole("heading", { name: "Paint the fence" }).waitFor();
    const status = (name: string) => page.locator(`header [data-job-status="${name}"]`);
    await status("queued").waitFor();
    const jobId = page.url().split("/").pop() ?? "";
    const { ticket_id } = await api<{ ticket_id: string }>("GET", `/api/jobs/${jobId}`);
    await card(board, ticket_id).getByText("Queued").waitFor();

    const lease = await worker.claim();
    expect(lease.job.job_id).toBe(jobId);
    await status("running").waitFor();
    await page.locator('[aria-current="step"]', { hasText: "In progress" }).waitFor();
    await cardIn(board, "in_progress", ticket_id).locator('[data-job-status="running"]').waitFor();

    const log = page.getByRole("log", { name: "Transcript" });
    await lease.appendMessages(
      { kind: "chat", content: "Starting with the front." },
      { kind: "log", content: "$ paint --front" },
    );
    await log.getByText("Starting with the front.").waitFor();
    await log.getByText("$ paint --front").waitFor();
    await lease.progress(50, "One side is done");
    await page.getByTestId("progress-message").getByText("One side is done").waitFor();
    await card(board, ticket_id).getByText("50%").waitFor();

    await lease.stage("review");
    await page.locator('[aria-current="step"]', { hasText: "Code review" }).waitFor();
    await cardIn(board, "review", ticket_id).waitFor();
    // A stage without a column does not move the ticket.
    await lease.stage("varnish");
    await page.locator('[aria-current="step"]', { hasText: "varnish" }).waitFor();
    await cardIn(board, "review", ticket_id).locator("[data-job]").getByText("varnish").waitFor();

    await lease.complete({ result: { litres: 4 }, resolution_comment: "The fence is painted." });
    await status("succeeded").waitFor();
    await page.getByRole("region", { name: "Result" }).getByText("litres:").waitFor();
    await card(board, ticket_id).getByText("Resolved").waitFor();
    await card(board, ticket_id).locator("[data-job]").waitFor({ state: "detached" });
    await card(board, ticket_id).getByRole("link").first().click();
    await board.getByRole("dialog").getByText("The fence is painted.").waitFor();
  });

  it("pauses, resumes, cancels and retries from its page, visible to the worker", async () => {
    const ticket = await createTicket(workflow, "Interrupted");
    const { job_id } = await createJob(ticket.ticket_id, { title: "Stop and go" });
    const page = await (await signedIn()).newPage();
    await page.goto(`/w/${workflow}/jobs/${job_id}`);
    await waitUntilLive(page);
    const status = (name: string) => page.locator(`header [data-job-status="${name}"]`);
    const press = (name: string) => page.getByRole("button", { name: `${name} Stop and go` }).click();
    const lease = await worker.claim();
    await status("running").waitFor();
    await press("Pause");
    await status("paused").waitFor();
    expect(await lease.heartbeat()).toMatchObject({ status: "paused", cancel_requested: false });
    await press("Resume");
    await status("running").waitFor();
    expect((await lease.heartbeat()).status).toBe("running");

    await press("Cancel");
    await page.getByRole("button", { name: "Cancel job" }).click();
    await page.locator("header").getByText("Stopping").waitFor();
    expect((await lease.heartbeat()).cancel_requested).toBe(true);
    await lease.cancelled();
    await status("cancelled").waitFor();

    await press("Retry");
    await status("queued").waitFor();
    const again = await worker.claim();
    expect(again.job.job_id).toBe(job_id);
    await status("running").waitFor();
    await again.fail("The brush is lost.");
    await status("failed").waitFor();
    await page.getByRole("alert").getByText("The brush is lost.").waitFor();
    await press("Retry");
    await status("queued").waitFor();
    await (await worker.claim()).complete();
    await status("succeeded").waitFor();
    // Requests with the stale lease token are rejected.
    await expect(lease.heartbeat()).rejects.toThrow(/409.*lease_lost/);
  });
});
