import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  api,
  checkAccessibility,
  createTicket,
  createWorkflow,
  eventually,
  openBoard,
  screenshot,
  signedIn,
  waitUntilLive,
  withBrowser,
} from "./harness";
import { createJob, Worker } from "./worker";

withBrowser();

let workflow: string;
let worker: Worker;
beforeAll(async () => {
  workflow = await createWorkflow("Agents");
  worker = await Worker.create(workflow, "Builder");
});

const lane = (page: Page, jobId: string) => page.locator(`[data-lane="job:${jobId}"]`);
const section = (page: Page, name: string) => page.getByRole("region", { name: new RegExp(`^${name}`) });
const statusOf = async (id: string) => (await api<{ status: string }>("GET", `/api/jobs/${id}`)).status;

async function openAgents(options: Parameters<typeof signedIn>[0] = {}, id = workflow): Promise<Page> {
  const page = await (await signedIn(options)).newPage();
  await page.goto(`/w/${id}/agents`);
  await waitUntilLive(page);
  return page;
}

describe("the agents page", () => {
  it("shows what a worker does and says in every browser", async () => {
    const ticket = await createTicket(workflow, "Build the gate");
    const [page, other] = [await openAgents(), await openAgents()];
    await section(page, "Idle").getByText("Builder").waitFor();
    await createJob(ticket.ticket_id, { title: "Saw the wood" });
    await section(page, "Queued").getByText("Build the gate").waitFor();
    const lease = await worker.claim();
    await lease.progress(30, "Cutting the first board");
    const rows = [lane(page, lease.job.job_id), lane(other, lease.job.job_id)];
    for (const row of rows) {
      await row.getByText("Cutting the first board").waitFor();
      expect(await row.getAttribute("data-section")).toBe("running");
      await row.getByText("Builder").first().waitFor();
      await row.getByText("30%").waitFor();
    }
    await lease.appendMessages({ kind: "chat", content: "The saw is blunt.\nI sharpen it." });
    for (const row of rows) await row.getByText("I sharpen it.").waitFor();
    await lease.stage("review", "Looking at it again");
    for (const row of rows) await row.getByText(/Review.* · 2 of 2/).waitFor();
    await worker.post(`/api/jobs/${lease.job.job_id}/usage`, {
      model: "large-1",
      input_tokens: 12_000,
      output_tokens: 400,
      cost: "1.25",
      currency: "USD",
    });
    for (const row of rows) {
      await row.getByText("$1.25").waitFor();
      await row.getByText("12.4K tokens").waitFor();
    }
    await checkAccessibility(page);
    await page.emulateMedia({ colorScheme: "dark" });
    await checkAccessibility(page);
    await screenshot(page, "agents");
    await lease.complete({ resolution_comment: "The gate opens and closes." });
    await section(other, "Idle").getByText("Builder").waitFor();
  });

  it("lets a heartbeat grow older without a reload", async () => {
    const ticket = await createTicket(workflow, "Waits for glue");
    await createJob(ticket.ticket_id);
    const lease = await worker.claim();
    const page = await openAgents();
    const age = lane(page, lease.job.job_id).getByTestId("lane-age").locator("time");
    const first = await age.textContent();
    await eventually("the age has changed", async () => (await age.textContent()) !== first);
    await lease.complete({ resolution_comment: "The glue is dry and holds." });
  });

  it("shows questions to people and failures, which can be retried", async () => {
    const [asks, fails] = [await createTicket(workflow, "Asks"), await createTicket(workflow, "Fails")];
    await createJob(asks.ticket_id, { title: "Ask" });
    const asking = await worker.claim();
    await worker.post("/api/approvals", {
      workflow_id: workflow,
      job_id: asking.job.job_id,
      question: "Which color?",
      blocks_job: true,
    });
    await createJob(fails.ticket_id, { title: "Break" });
    const breaking = await worker.claim();
    await breaking.fail("The hammer is gone.");
    const page = await openAgents();
    await section(page, "Waiting for people").getByText("Which color?").waitFor();
    const failed = section(page, "Failed");
    await failed.getByText("The hammer is gone.").waitFor();
    await page.getByRole("alert").getByText("1 job failed.").waitFor();
    await failed.getByRole("button", { name: /^Retry/ }).click();
    await failed.waitFor({ state: "detached" });
    expect(await statusOf(breaking.job.job_id)).toBe("queued");
    await api("POST", `/api/jobs/${breaking.job.job_id}/cancel`, {});
    await api("POST", `/api/jobs/${asking.job.job_id}/cancel`, {});
    await asking.cancelled();
  });

  it("acts on several lanes, with a result for each", async () => {
    const own = await createWorkflow("Many lanes");
    const robot = await Worker.create(own, "Robot");
    const keys: string[] = [];
    for (const title of ["One", "Two", "Three"]) {
      const ticket = await createTicket(own, title);
      keys.push(ticket.key);
      await createJob(ticket.ticket_id, { title: `Job ${title}` });
    }
    const running = await robot.claim();
    const page = await openAgents({}, own);
    await lane(page, running.job.job_id).waitFor();
    await eventually("all lanes are there", async () => (await page.locator("[data-select]").count()) === 3);
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await page.getByText("1 selected").waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("Shift+X");
    await page.getByText("3 selected").waitFor();
    const bar = page.getByRole("region", { name: "Selected lanes" });
    await bar.getByRole("button", { name: "Message…" }).click();
    await page.getByLabel("Message", { exact: true }).fill("Please hurry.");
    await page.getByRole("button", { name: "Send message" }).click();
    const results = page.getByRole("region", { name: "Results" });
    await eventually("each has its result", async () => (await results.locator('[data-result="done"]').count()) === 3);
    await lane(page, running.job.job_id).getByText("Please hurry.").waitFor();

    await bar.getByRole("button", { name: "Reassign…" }).click();
    await page.getByLabel("Assignee").selectOption({ label: "Robot" });
    await checkAccessibility(page);
    await page.getByRole("button", { name: "Reassign", exact: true }).click();
    await results.getByText(`${keys[2]} assigned to Robot`).waitFor();

    // Only the running one can be resumed after this; the results say so.
    await bar.getByRole("button", { name: "Pause" }).click();
    await eventually("all are paused", async () => (await results.getByText("Job paused").count()) === 3);
    await api("POST", `/api/jobs/${running.job.job_id}/resume`, {});
    await lane(page, running.job.job_id).and(page.locator('[data-section="running"]')).waitFor();
    await bar.getByRole("button", { name: "Resume" }).click();
    await eventually("two are resumed", async () => (await results.getByText("Job resumed").count()) === 2);
    expect(await results.locator('[data-result="failed"]').count()).toBe(1);
    await screenshot(page, "agents-many");

    await bar.getByRole("button", { name: "Cancel", exact: true }).click();
    await page.getByRole("button", { name: "Cancel jobs" }).click();
    await results.getByText("Job stopping").waitFor();
    expect((await running.heartbeat()).cancel_requested).toBe(true);
    await running.cancelled();
    await page.keyboard.press("Escape");
    await bar.waitFor({ state: "detached" });
  });

  it("raises an alarm for silent agents, and for jobs that no worker takes", async () => {
    const own = await createWorkflow("Silence");
    const robot = await Worker.create(own, "Sleeper");
    const ticket = await createTicket(own, "Nobody works on it", { assigned_agent_id: robot.agentId });
    await createJob((await createTicket(own, "For nobody")).ticket_id, { title: "Translate", job_type: "translate" });
    const page = await (await signedIn()).newPage();
    const finding = {
      kind: "agent_silent",
      agent_id: robot.agentId,
      message: "Sleeper has done nothing about its tickets for 2 hours.",
      since: new Date(Date.now() - 7_200_000).toISOString(),
      suggestion: { action: "ask", message: "Restart Sleeper, or reassign its tickets." },
    };
    // Silence takes an hour, so this answer is made up.
    await page.route(/\/findings\?/, (route) => route.fulfill({ json: { findings: [finding], has_more: false } }));
    await page.goto(`/w/${own}/agents`);
    await section(page, "Silent").getByText(finding.message).waitFor();
    await page.getByRole("alert").getByText("1 agent is silent").waitFor();
    expect(ticket.key).toBe("TKT-1");
    // A job is marked after a minute.
    const without = section(page, "Queued without a worker");
    await without.getByText(/No running worker takes jobs of the type "translate"/).waitFor({ timeout: 120_000 });
    await page.getByRole("alert").getByText("no worker takes 1 queued job").waitFor();
    await checkAccessibility(page);
  }, 180_000);

  it("fits on a phone, and is reached from the board", async () => {
    const ticket = await createTicket(
      workflow,
      "A ticket with a title that is longer than the screen of a phone is wide",
    );
    await createJob(ticket.ticket_id);
    const lease = await worker.claim();
    await lease.progress(10, "Measuring twice, as one should before cutting anything that cannot be glued again");
    const page = await openBoard(workflow);
    await page.getByRole("button", { name: "Board menu" }).click();
    await page.getByRole("menuitem", { name: "Agents" }).click();
    await lane(page, lease.job.job_id).waitFor();
    await page.setViewportSize({ width: 375, height: 740 });
    const width = () => page.evaluate(() => document.documentElement.scrollWidth);
    expect(await width()).toBeLessThanOrEqual(375);
    await checkAccessibility(page);
    await screenshot(page, "agents-phone");
    await lease.complete({ resolution_comment: "Measured, cut, and glued." });
  });
});
