import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import {
  api,
  checkAccessibility,
  createTicket,
  createWorkflow,
  eventually,
  moveTicket,
  screenshot,
  signedIn,
  waitUntilLive,
  withBrowser,
} from "./harness";
import { createJob, Worker } from "./worker";

withBrowser();

const row = (page: Page, id: string) => page.locator(`[data-home-item="${id}"]`);
const count = (page: Page, section: string) => page.locator(`[data-home-count="${section}"] .tabular`);

/** Home of the administrator in a browser of its own, with the items of one workflow. */
async function openHome(workflow: string, options: Parameters<typeof signedIn>[0] = {}): Promise<Page> {
  const page = await (await signedIn(options)).newPage();
  await page.goto(`/?workflow=${workflow}`);
  await page.getByRole("heading", { name: "Home" }).waitFor();
  await waitUntilLive(page);
  return page;
}

async function failJob(worker: Worker, title: string, error: string): Promise<string> {
  const ticket = await createTicket(worker.workflowId, `Ticket of ${title}`);
  await createJob(ticket.ticket_id, { title });
  const lease = await worker.claim();
  await lease.fail(error);
  return lease.job.job_id;
}

/** A ticket that is done, a mention, a question and a failed job. */
async function makeNews(workflow: string) {
  const worker = await Worker.create(workflow, "Builder");
  const { user: me } = await api<{ user: { id: string } }>("GET", "/api/auth/me");
  const done = await createTicket(workflow, "Rotate the signing keys");
  await moveTicket(done.ticket_id, "done");
  const about = await createTicket(workflow, "Choose a database for the new service");
  const { comment_id: comment } = await worker.post<{ comment_id: string }>("/api/tickets/comment", {
    ticket_id: about.ticket_id,
    comment_text: `@${me.id} the migration is written, please have a look at the locks it takes.`,
  });
  const { id: question } = await worker.post<{ id: string }>("/api/approvals", {
    ticket_id: about.ticket_id,
    question: "Which database should the new service use?",
    options: ["Postgres", "SQLite"],
  });
  const job = await failJob(
    worker,
    "Build the release",
    "3 of 214 tests failed: session_refresh, login_timeout, csv_export",
  );
  return { worker, done: done.ticket_id, comment, question, job };
}

describe("home", () => {
  it("shows what fails at once in every browser, and retries it with one key", async () => {
    const workflow = await createWorkflow("Home failures");
    const worker = await Worker.create(workflow);
    const [page, other] = [await openHome(workflow), await openHome(workflow)];
    for (const each of [page, other]) await each.getByRole("heading", { name: "You are up to date" }).waitFor();
    const job = await failJob(worker, "Deploy to staging", "The image was not found.");
    for (const each of [page, other]) {
      await row(each, job).getByText("The image was not found.").waitFor();
      expect(await count(each, "failed").textContent()).toBe("1");
    }
    await eventually("the title has a number", async () => /^\(\d+\+?\) Home/.test(await page.title()));
    expect(await page.locator("link[rel=icon]").getAttribute("href")).toMatch(/^data:image\/svg/);
    await page.keyboard.press("j");
    await page.keyboard.press("r");
    for (const each of [page, other]) await row(each, job).waitFor({ state: "detached" });
    await eventually("it is queued again", async () => {
      return (await api<{ status: string }>("GET", `/api/jobs/${job}`)).status === "queued";
    });
  });

  it("answers, undoes and marks in place; what was seen is seen in the next browser", async () => {
    const workflow = await createWorkflow("Home day");
    const { done, comment, question, job } = await makeNews(workflow);
    const page = await openHome(workflow);
    for (const id of [done, comment, question, job]) await row(page, id).waitFor();
    // The question is the first item, and 1 is its first option.
    await page.keyboard.press("j");
    await page.keyboard.press("1");
    // It is held where it was decided, can be undone, and is sent by Enter.
    await row(page, question).getByText("Answered", { exact: true }).waitFor();
    await checkAccessibility(page);
    await screenshot(page, "home-held");
    await page.keyboard.press("z");
    await row(page, question).getByRole("button", { name: "SQLite" }).waitFor();
    await page.keyboard.press("1");
    await row(page, question).getByText("Answered", { exact: true }).waitFor();
    await page.keyboard.press("Enter");
    await row(page, question).waitFor({ state: "detached" });
    await eventually("it is answered", async () => {
      const decided = await api<{ status: string; answer: string }>("GET", `/api/approvals/${question}`);
      return decided.status === "answered" && decided.answer === "Postgres";
    });
    // Marked as seen with e, and back.
    await row(page, job).focus();
    await page.keyboard.press("e");
    await row(page, job).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Undo" }).first().click();
    await row(page, job).waitFor();
    // Enter opens the mention's ticket, which is read then; what finished is still there on the way back.
    await row(page, comment).focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/t\/ticket-/);
    await page.goBack();
    await row(page, done).waitFor();
    await row(page, comment).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Mark all as seen" }).click();
    await page.getByRole("heading", { name: "You are up to date" }).waitFor();
    // Closing the page reports it, without waiting for the end of the undo.
    await page.goto("/account");
    await eventually("it is seen on the server", async () => {
      const { counts } = (
        await api<{ workflows: Array<{ workflow_id: string; counts: Record<string, number> }> }>("GET", "/api/home")
      ).workflows.find(({ workflow_id }) => workflow_id === workflow) as { counts: Record<string, number> };
      return Object.values(counts).every((n) => n === 0);
    });
    const next = await openHome(workflow);
    await next.getByRole("heading", { name: "You are up to date" }).waitFor();
    await next.getByText(/^Since your last visit/).waitFor();
  });

  it("filters by workflow and leads on without any news", async () => {
    const [first, second] = [await createWorkflow("Home one"), await createWorkflow("Home two")];
    const job = await failJob(await Worker.create(first), "Index the documents", "Out of memory");
    const page = await openHome(first);
    await row(page, job).waitFor();
    await page.goto(`/?workflow=${second}`);
    await page.getByRole("heading", { name: "You are up to date" }).waitFor();
    await page.getByRole("heading", { name: "Workflows" }).waitFor();
    await page.getByRole("button", { name: /^Home two/ }).click();
    await page.getByRole("menuitemcheckbox", { name: "All workflows" }).click();
    await row(page, job).waitFor();
    await page.goto("/workflows");
    await page.getByRole("button", { name: "New workflow" }).waitFor();
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it(`is accessible in ${colorScheme}, and fits a phone`, async () => {
      const workflow = await createWorkflow("Home looks");
      const { question, job } = await makeNews(workflow);
      const page = await openHome(workflow, { colorScheme });
      await row(page, question).waitFor();
      await row(page, job).focus();
      await checkAccessibility(page);
      await screenshot(page, `home-${colorScheme}`);
      const phone = await openHome(workflow, { colorScheme, viewport: { width: 375, height: 812 }, hasTouch: true });
      await row(phone, question).waitFor();
      await checkAccessibility(phone);
      await screenshot(phone, `home-phone-${colorScheme}`);
      expect(await phone.evaluate(() => document.documentElement.scrollWidth)).toBe(375);
    });
  }
});
