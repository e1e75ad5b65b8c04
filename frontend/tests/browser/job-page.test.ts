import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  api,
  checkAccessibility,
  createTicket,
  createWorkflow,
  eventually,
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
  workflow = await createWorkflow("Job pages");
  worker = await Worker.create(workflow, "Ada the agent");
});

async function openJob(id: string, options = {}): Promise<Page> {
  const page = await (await signedIn(options)).newPage();
  await page.goto(`/w/${workflow}/jobs/${id}`);
  await page.getByRole("log", { name: "Transcript" }).waitFor();
  await waitUntilLive(page);
  return page;
}

/** Expects no horizontal overflow of the page and its scroll containers. */
async function fits(page: Page, where = "main"): Promise<void> {
  const wide = await page.evaluate(
    (selector) =>
      [document.documentElement, ...document.querySelectorAll(`${selector}, ${selector} > div`)].map(
        (box) => box.scrollWidth - box.clientWidth,
      ),
    where,
  );
  expect(Math.max(...wide)).toBeLessThanOrEqual(0);
}

describe("job page", () => {
  it("streams messages, progress and stages", async () => {
    const ticket = await createTicket(workflow, "Streamed");
    await createJob(ticket.ticket_id, { title: "Stream it" });
    const lease = await worker.claim();
    const page = await openJob(lease.job.job_id);
    const log = page.getByRole("log", { name: "Transcript" });
    await lease.appendMessages(
      { kind: "chat", role: "assistant", sender: "Ada", content: "Starting with the **tests**." },
      { kind: "step", content: "Read 12 files" },
      { kind: "log", content: "$ cargo test" },
      { kind: "log", level: "error", content: "test result: FAILED" },
    );
    await log.locator("strong", { hasText: "tests" }).waitFor();
    await log.getByText("Read 12 files").waitFor();
    await log.getByText("test result: FAILED").waitFor();
    await lease.progress(55, "Half of it is done");
    await page.getByText("Half of it is done").first().waitFor();
    await lease.stage("review");
    await page.locator('[aria-current="step"]', { hasText: "Review" }).waitFor();
    await page.keyboard.press("c");
    await page.keyboard.type("Looks good so far");
    await page.keyboard.press("Control+Enter");
    await log.getByText("Looks good so far").waitFor();
    await eventually("the message is stored", async () => {
      const { messages } = await api<{ messages: Array<{ content: string }> }>(
        "GET",
        `/api/job-messages?job_id=${lease.job.job_id}&kind=chat`,
      );
      return messages.some(({ content }) => content === "Looks good so far");
    });
    await checkAccessibility(page);
    await screenshot(page, "job");
    const mine = log.getByRole("article").filter({ hasText: "Looks good so far" });
    await mine.hover();
    await mine.getByRole("button", { name: "Delete message" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete message" }).click();
    await mine.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Hide logs" }).click();
    await log.getByText("$ cargo test").waitFor({ state: "detached" });
    await lease.complete({
      commit_sha: "0123abcdef0123abcdef0123abcdef0123abcdef",
      result: { tests: { passed: 12 } },
      app: { title: "The shop", spec: { pages: [{ name: "Home" }] }, prd_markdown: "# Shop\n\nIt **sells**." },
    });
    await page.getByText("Succeeded").first().waitFor();
    await page.getByRole("button", { name: "0123abcdef" }).waitFor();
    await page.getByRole("region", { name: "Result" }).getByText("passed:").waitFor();
    await page.getByRole("link", { name: "View specification" }).click();
    await page.getByRole("heading", { name: "The shop" }).waitFor();
    await page.locator("strong", { hasText: "sells" }).waitFor();
    await page.getByRole("tab", { name: "Specification" }).click();
    await page.getByRole("main").getByText("Home").waitFor();
    await checkAccessibility(page);
    await screenshot(page, "app");
    await page.getByRole("link", { name: "All apps" }).click();
    await page.getByRole("list", { name: "Apps" }).getByRole("link", { name: "The shop" }).waitFor();
  });

  it("sticks to the bottom until the user scrolls up, and loads earlier messages on demand", async () => {
    const ticket = await createTicket(workflow, "Talkative");
    await createJob(ticket.ticket_id, { title: "Talk much" });
    const lease = await worker.claim();
    const output = (from: number, count: number) =>
      lease.appendMessages(
        ...Array.from({ length: count }, (_, i) => ({ kind: "log" as const, content: `line ${from + i}` })),
      );
    for (let from = 1; from <= 301; from += 100) await output(from, 100);
    const page = await openJob(lease.job.job_id);
    const log = page.getByRole("log", { name: "Transcript" });
    await log.getByText("line 400", { exact: true }).waitFor();
    const fromEnd = () => log.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight);
    await eventually("it is scrolled to the bottom", async () => (await fromEnd()) < 4);
    await output(401, 50);
    await log.getByText("line 450", { exact: true }).waitFor();
    await eventually("it stays at the bottom", async () => (await fromEnd()) < 4);
    const toTop = async () => {
      await log.focus();
      await page.keyboard.press("Home");
    };
    await toTop();
    await page.getByRole("button", { name: "Jump to latest" }).waitFor();
    const top = () => log.evaluate((box) => box.scrollTop);
    await eventually("it is scrolled to the top", async () => (await top()) === 0);
    await output(451, 20);
    await eventually("the new lines are added below", async () => (await fromEnd()) > 500);
    expect(await top()).toBeLessThan(50);
    await page.getByRole("button", { name: "Load earlier messages" }).click();
    await eventually("the visible lines keep their position", async () => (await top()) > 200);
    const earlier = page.getByRole("button", { name: "Load earlier messages" });
    await eventually("the first line is loaded", async () => {
      await toTop();
      if (await earlier.isVisible()) await earlier.click();
      return log.getByText("line 1", { exact: true }).isVisible();
    });
    await page.getByRole("button", { name: "Jump to latest" }).click();
    await log.getByText("line 470", { exact: true }).waitFor();
    await lease.complete();
  });

  it("lets the user scroll while messages arrive", async () => {
    const ticket = await createTicket(workflow, "Streaming");
    await createJob(ticket.ticket_id, { title: "Keep streaming" });
    const lease = await worker.claim();
    let line = 0;
    const output = (count: number) =>
      lease.appendMessages(
        ...Array.from({ length: count }, () => ({ kind: "log" as const, content: `line ${++line}` })),
      );
    await output(90);
    const page = await openJob(lease.job.job_id);
    const log = page.getByRole("log", { name: "Transcript" });
    const top = () => log.evaluate((box) => box.scrollTop);
    const fromEnd = () => log.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight);
    let streaming = true;
    const stream = (async () => {
      while (streaming) {
        await output(3);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    try {
      await log.getByText("line 99", { exact: true }).waitFor();
      await log.focus();
      await page.keyboard.press("Home");
      await eventually("Home scrolls to the top", async () => (await top()) === 0);
      await page.keyboard.press("End");
      await eventually("End scrolls to the bottom", async () => (await fromEnd()) < 4);
      await log.hover();
      await page.mouse.wheel(0, -600);
      await eventually("the wheel scrolls up", async () => (await fromEnd()) > 500);
    } finally {
      streaming = false;
      await stream;
    }
    await lease.complete();
  });

  it("allows editing the prompt until the job is queued", async () => {
    const ticket = await createTicket(workflow, "Prompted");
    const job = await createJob(ticket.ticket_id, { title: "Collect me", queue: false });
    const page = await openJob(job.job_id);
    await page.keyboard.press("e");
    const prompt = page.getByRole("textbox", { name: "Prompt" });
    await prompt.fill("Do something else.");
    await page.getByRole("button", { name: "Save prompt" }).click();
    await page.getByRole("region", { name: "Prompt" }).getByText("Do something else.").waitFor();
    await page.getByRole("button", { name: /^Queue/ }).click();
    await page.locator('[data-job-status="queued"]').first().waitFor();
    // The job and the board behind it have streams of their own.
    await eventually(
      "the prompt cannot be edited",
      async () => (await page.getByRole("button", { name: "Edit prompt" }).count()) === 0,
    );
    const now = await api<{ initial_prompt: string }>("GET", `/api/jobs/${job.job_id}`);
    expect(now.initial_prompt).toBe("Do something else.");
    await (await worker.claim()).complete();
    await page.keyboard.press("Escape");
    await page.getByRole("list", { name: "Jobs" }).waitFor();
  });

  it("fits a phone in dark mode", async () => {
    const ticket = await createTicket(workflow, "Small");
    await createJob(ticket.ticket_id, {
      title: "Small work that goes by a rather long name, longer than phones are wide",
    });
    const lease = await worker.claim();
    await lease.appendMessages(
      { kind: "chat", content: "Hello" },
      { kind: "log", content: "a very long line ".repeat(30) },
    );
    const page = await openJob(lease.job.job_id, {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      isMobile: true,
      colorScheme: "dark",
    });
    await page.getByText("Hello").waitFor();
    await lease.progress(30, "a long account of how far it is ".repeat(8));
    await page.getByTestId("progress-message").waitFor();
    await fits(page);
    await checkAccessibility(page);
    await screenshot(page, "phone-job");
    await page.getByRole("link", { name: ticket.key }).click();
    const row = page.getByRole("dialog").locator(`[data-job="${lease.job.job_id}"]`);
    await row.getByRole("button", { name: /^Cancel/ }).waitFor();
    await fits(page, '[role="dialog"]');
    const button = await row.getByRole("button", { name: /^Cancel/ }).boundingBox();
    expect((button?.x ?? 0) + (button?.width ?? 999)).toBeLessThanOrEqual(390);
    await lease.complete();
  });
});
