import type { BrowserContext, BrowserContextOptions, Locator, Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import {
  api,
  checkAccessibility,
  createTicket,
  createWorkflow,
  eventually,
  screenshot,
  signedInMember,
  waitUntilLive,
  withBrowser,
} from "./harness";
import { createJob, Worker } from "./worker";

withBrowser();

const REVIEW = "Review TKT-1: End idle sessions earlier";
const SHA = "8f2c1d7e5b8f2c1d7e5b8f2c1d7e5b8f2c1d7e5b";

interface Approval {
  id: string;
  status: string;
  answer: string | null;
  reason: string | null;
}

const getApproval = (id: string) => api<Approval>("GET", `/api/approvals/${id}`);

const file = (path: string, diff: string, more: Record<string, unknown> = {}) => ({
  path,
  status: "modified",
  insertions: 2,
  deletions: 1,
  diff,
  binary: false,
  truncated: false,
  language: "python",
  ...more,
});

/** What a server with the repository would answer. */
const commitDiff = {
  success: true,
  commit_sha: SHA,
  message: "End sessions after thirty minutes\n\nThe old value came from the first prototype.",
  commit_message: "End sessions after thirty minutes",
  author: "Mira Okafor",
  author_agent_id: "someone",
  timestamp: "2026-11-20T10:00:00Z",
  commit_timestamp: "2026-11-20T10:00:00Z",
  parents: ["1".repeat(40)],
  files_changed: 2,
  total_files: 2,
  insertions: 4,
  total_insertions: 4,
  deletions: 2,
  total_deletions: 2,
  truncated: false,
  workflow_id: "w",
  files: [
    file(
      "src/auth/session.py",
      "@@ -8,5 +8,6 @@ class Session:\n import time\n \n-TIMEOUT = 3600\n+TIMEOUT = 1800\n+GRACE = 30\n last = None\n \n",
    ),
    file(
      "tests/test_session.py",
      "@@ -1,3 +1,4 @@\n from auth import session\n-assert session.TIMEOUT == 3600\n+assert session.TIMEOUT == 1800\n+assert session.GRACE == 30\n",
    ),
  ],
};

/** A workflow with a ticket, its commit, a job that asks, and a review of the ticket. */
async function makeWork(name: string) {
  const workflow = await createWorkflow(name);
  const worker = await Worker.create(workflow, "Careful agent");
  const ticket = await createTicket(workflow, "End idle sessions earlier", {
    description: "Sessions stay open too long.\n\n- [x] The timeout is half an hour\n- [ ] The tests cover it",
  });
  await api("POST", "/api/internal/commits", {
    workflow_id: workflow,
    commits: [{ sha: SHA, message: `End sessions after thirty minutes, see ${ticket.key}`, author: "Mira Okafor" }],
  });
  await createJob(ticket.ticket_id, { title: "Shorten the timeout" });
  const lease = await worker.claim();
  await lease.appendMessages(
    { kind: "step", content: "Reading src/auth/session.py" },
    { kind: "log", content: "pytest -q" },
    { kind: "log", content: "14 passed in 0.61s" },
    { kind: "chat", content: "The timeout is **30 minutes** now." },
  );
  await worker.post("/api/tickets/request-review", {
    ticket_id: ticket.ticket_id,
    comment: "Is half an hour short enough?",
    checks: [
      { name: "pytest", status: "passed", details: "14 passed", url: "https://ci.example.com/runs/7" },
      { name: "mypy", status: "failed", details: "src/auth/session.py:11: error: Incompatible types\nFound 1 error" },
    ],
  });
  const { approvals } = await api<{ approvals: Approval[] }>("GET", `/api/approvals?ticket_id=${ticket.ticket_id}`);
  const ask = (question: string, more: Record<string, unknown> = {}) =>
    worker.post<Approval>("/api/approvals", { workflow_id: workflow, question, ...more });
  return { workflow, worker, ticket, lease, review: approvals[0]?.id ?? "", ask };
}

async function openPage(context: BrowserContext, path: string): Promise<Page> {
  await context.route("**/api/tickets/commit-diff/**", (route) => route.fulfill({ json: commitDiff }));
  const page = await context.newPage();
  await page.goto(path);
  await waitUntilLive(page);
  return page;
}

/** A member of this workflow alone, so that approvals of other tests are not in between. */
async function openReview(workflow: string, approval: string, name: string, options: BrowserContextOptions = {}) {
  return openPage(await signedInMember(workflow, name, options), `/w/${workflow}/review/${approval}`);
}

const heading = (page: Page, text: string) => page.getByRole("heading", { level: 1, name: text });
const dock = (page: Page) => page.getByRole("region", { name: "Held decisions" });
const line = (page: Page, text: string): Locator => page.locator(".diff-line", { hasText: text });

describe("review in place", () => {
  it("shows the request, the diff, the checks and the transcript on one screen, and approves by key with undo", async () => {
    const { workflow, worker, ticket, review, ask } = await makeWork("Review screen");
    const second = await ask("Delete the old branch?");
    const page = await openPage(await signedInMember(workflow, "Rita"), "/approvals");
    // From the inbox by key.
    await page.locator(`[data-approval="${review}"]`).focus();
    await page.keyboard.press("v");
    await heading(page, REVIEW).waitFor();
    await page.getByText("1 of 2 waiting").waitFor();
    await line(page, "GRACE = 30").first().waitFor();
    await page.getByText("1 of 2 check boxes of the ticket are ticked").waitFor();
    await page.getByText("14 passed in 0.61s").waitFor();
    await page.getByText("Is half an hour short enough?").waitFor();
    const checks = page.getByRole("region", { name: "Checks" });
    await checks.getByText("Running").waitFor();
    // What the agent reports comes first, and of that what failed.
    expect(await checks.getByRole("listitem").first().textContent()).toMatch(/^mypyfailed/);
    await checks.getByText("What it found").click();
    await checks.getByText("Incompatible types").waitFor();
    expect(await checks.getByRole("link", { name: "Open pytest in a new tab" }).getAttribute("href")).toBe(
      "https://ci.example.com/runs/7",
    );
    // A new run replaces the old one at once.
    await worker.post("/api/tickets/request-review", {
      ticket_id: ticket.ticket_id,
      checks: [{ name: "mypy", status: "passed" }],
    });
    await checks.getByText("Incompatible types").waitFor({ state: "detached" });
    expect(await checks.getByRole("listitem").first().textContent()).toBe("mypypassed");
    await page.keyboard.press("a");
    // The next one opens, and the first is still held.
    await heading(page, "Delete the old branch?").waitFor();
    await dock(page).getByText("Approved").waitFor();
    expect((await getApproval(review)).status).toBe("pending");
    // Undoing leads back to it.
    await page.keyboard.press("z");
    await heading(page, REVIEW).waitFor();
    await page.getByRole("button", { name: "Approve" }).waitFor();
    await page.keyboard.press("a");
    await heading(page, "Delete the old branch?").waitFor();
    await page.keyboard.press("Enter");
    await dock(page).waitFor({ state: "detached" });
    expect((await getApproval(review)).status).toBe("approved");
    await page.getByText("1 of 1 waiting").waitFor();
    expect((await getApproval(second.id)).status).toBe("pending");
  });

  it("steps through the commits of a ticket, and keeps to which of them a comment belongs", async () => {
    const { workflow, review, ticket } = await makeWork("Review commits");
    await api("POST", "/api/internal/commits", {
      workflow_id: workflow,
      commits: [
        { sha: "9".repeat(40), message: `Warn before a session ends, see ${ticket.key}`, author: "Mira Okafor" },
      ],
    });
    const page = await openReview(workflow, review, "Carla");
    const choice = page.getByLabel("Commit", { exact: true });
    await choice.waitFor();
    const shown = () => choice.evaluate((field: HTMLSelectElement) => field.selectedOptions[0]?.text);
    const first = await shown();
    expect(first).toMatch(/^1 of 2: /);
    await page.keyboard.press("]");
    await page.keyboard.press("c");
    await page.getByLabel(/^Comment on /).fill("Of the first one.");
    await page.keyboard.press("Control+Enter");
    await page.keyboard.press(".");
    await eventually("the second commit is shown", async () => /^2 of 2: /.test((await shown()) ?? ""));
    await line(page, "GRACE = 30").first().waitFor();
    expect(await page.getByTestId("diff").getByText("Of the first one.").count()).toBe(0);
    await page.keyboard.press(".");
    await page.getByText("This is the last commit").waitFor({ state: "attached" });
    await page.getByRole("button", { name: "Previous commit" }).click();
    await eventually("the first commit is shown", async () => (await shown()) === first);
    await page.getByTestId("diff").getByText("Of the first one.").waitFor();
    await checkAccessibility(page);
  });

  it("sends back with a reason and comments on lines, which reach the agent as one text", async () => {
    const { workflow, worker, review, ticket } = await makeWork("Review lines");
    const page = await openReview(workflow, review, "Lina");
    await line(page, "GRACE = 30").first().waitFor();
    // Sending back needs a reason.
    await page.keyboard.press("r");
    const reason = page.getByLabel("Reason or comment");
    expect(await reason.evaluate((field) => field === document.activeElement)).toBe(true);
    await page.keyboard.press("Control+Enter");
    await page.getByText(/^Write what has to change/).waitFor();
    await page.keyboard.press("Escape");
    // By keyboard: the diff, one line down, a comment.
    await page.keyboard.press("]");
    await page.keyboard.press("d");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("c");
    await page.getByLabel("Comment on src/auth/session.py:10").fill("Please take this from the settings.");
    await page.keyboard.press("Control+Enter");
    // By pointer, and edited afterwards.
    await line(page, "assert session.GRACE == 30").locator(".diff-number").last().click();
    await page.getByLabel("Comment on tests/test_session.py:3").fill("Good.");
    await page.getByRole("button", { name: "Comment", exact: true }).click();
    await page.getByRole("button", { name: "Edit the comment on tests/test_session.py:3" }).click();
    await page.getByLabel("Comment on tests/test_session.py:3").fill("Test the end of the grace time, too.");
    await page.keyboard.press("Control+Enter");
    await page.getByRole("heading", { name: "2 comments on lines" }).waitFor();
    await checkAccessibility(page);
    await screenshot(page, "review-lines");
    await reason.fill("Nearly there.");
    // What is written survives a reload.
    await page.reload();
    await page.getByRole("heading", { name: "2 comments on lines" }).waitFor();
    expect(await reason.inputValue()).toBe("Nearly there.");
    await page.getByRole("button", { name: "Send back" }).click();
    await page.getByText("Rejected", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    expect(await reason.inputValue()).toBe("Nearly there.");
    await page.getByRole("button", { name: "Send back" }).click();
    await page.getByRole("button", { name: "Send now" }).click();
    await page.getByText(/^Rejected by Lina/).waitFor();
    const expected = [
      "Nearly there.",
      "Comments on commit 8f2c1d7e5b:",
      "`src/auth/session.py:10`\n> `TIMEOUT = 1800`\n\nPlease take this from the settings.",
      "`tests/test_session.py:3`\n> `assert session.GRACE == 30`\n\nTest the end of the grace time, too.",
    ].join("\n\n");
    expect(await worker.get<Approval>(`/api/approvals/${review}`)).toMatchObject({
      status: "rejected",
      reason: expected,
    });
    const { comments } = await worker.get<{ comments: Array<{ comment_text: string }> }>(
      `/api/tickets/${ticket.ticket_id}`,
    );
    expect(comments.some(({ comment_text }) => comment_text.includes("`src/auth/session.py:10`"))).toBe(true);
    await page.getByText("Nothing else waits").waitFor();
  });

  it("answers with an option by its digit, steps and skips", async () => {
    const { workflow, review, ask, ticket } = await makeWork("Review order");
    const choice = await ask("Which colour?", { options: ["Red", "Blue"], ticket_id: ticket.ticket_id });
    const last = await ask("Anything else?");
    const page = await openReview(workflow, choice.id, "Olga");
    await page.getByText("2 of 3 waiting").waitFor();
    await page.keyboard.press("j");
    await heading(page, "Anything else?").waitFor();
    await page.keyboard.press("k");
    await heading(page, "Which colour?").waitFor();
    await page.keyboard.press("k");
    await heading(page, REVIEW).waitFor();
    await page.keyboard.press("s");
    await heading(page, "Which colour?").waitFor();
    // A digit that there is no option for decides nothing.
    await page.keyboard.press("7");
    await page.keyboard.press("2");
    await heading(page, "Anything else?").waitFor();
    await dock(page).getByRole("button", { name: "Send now" }).click();
    await dock(page).waitFor({ state: "detached" });
    expect(await getApproval(choice.id)).toMatchObject({ status: "answered", answer: "Blue" });
    await page.keyboard.press("?");
    await page.getByRole("dialog").getByText("Send back with a reason").waitFor();
    await page.keyboard.press("Escape");
    await page.getByLabel("Reason or answer").fill("No.");
    await page.keyboard.press("Control+Enter");
    await heading(page, REVIEW).waitFor();
    await page.keyboard.press("Enter");
    await dock(page).waitFor({ state: "detached" });
    expect(await getApproval(last.id)).toMatchObject({ status: "answered", answer: "No." });
    expect((await getApproval(review)).status).toBe("pending");
  });

  it("shows a decision that is made elsewhere at once, and keeps what was being written", async () => {
    const { workflow, review } = await makeWork("Review twice");
    const mine = await openReview(workflow, review, "Nora");
    const other = await openReview(workflow, review, "Otto");
    await mine.getByLabel("Reason or comment").fill("The grace time is too short.");
    await other.getByRole("button", { name: "Approve" }).click();
    await other.getByRole("button", { name: "Send now" }).click();
    // The field stays while somebody types, so that the rest does not reach the keys.
    await mine.getByText("This was approved already by Otto. What you write is kept here.").waitFor();
    await mine.keyboard.type(" Ajar.");
    await mine.keyboard.press("Control+Enter");
    expect(await dock(mine).count()).toBe(0);
    await mine.keyboard.press("Escape");
    await mine.getByText(/^Approved by Otto/).waitFor();
    await mine.getByText("What you have written was not sent.").waitFor();
    await mine.getByText("The grace time is too short. Ajar.").waitFor();
    expect(await mine.getByRole("button", { name: "Approve" }).count()).toBe(0);
    // Keys decide nothing any more.
    await heading(mine, REVIEW).focus();
    await mine.keyboard.press("a");
    expect(await dock(mine).count()).toBe(0);
    await checkAccessibility(mine);
  });

  it("works without a diff, a ticket or a job, and says what is missing", async () => {
    const { workflow, review, ask } = await makeWork("Review bare");
    const bare = await ask("May I use the staging server?", { expires_in_seconds: 3_600 });
    const page = await openReview(workflow, bare.id, "Bea");
    await page.getByText("This is about no ticket or job.").waitFor();
    await page.getByText("expires").waitFor();
    await page.unrouteAll();
    await page.context().unrouteAll();
    // This server has no repository.
    await page.goto(`/w/${workflow}/review/${review}`);
    await page.getByText("The diff cannot be shown.").waitFor();
    await page
      .getByText(/^End sessions after thirty minutes, see/)
      .first()
      .waitFor();
    await page.goto(`/w/${workflow}/review/approval-none`);
    await page.getByRole("heading", { name: "Approval not found" }).waitFor();
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it(`is accessible in ${colorScheme}, and fits a phone`, async () => {
      const { workflow, review, ask } = await makeWork("Review looks");
      const question = await ask("Which database should the new service use?", {
        options: ["Postgres", "SQLite"],
        context: "Both would do. **Postgres** is there already.",
      });
      const page = await openReview(workflow, review, `Wide${colorScheme}`, { colorScheme });
      await line(page, "GRACE = 30").first().waitFor();
      await checkAccessibility(page);
      await screenshot(page, `review-${colorScheme}`);
      const phone = await openReview(workflow, review, `Phone${colorScheme}`, {
        colorScheme,
        viewport: { width: 375, height: 812 },
        hasTouch: true,
      });
      await line(phone, "GRACE = 30").first().waitFor();
      await checkAccessibility(phone);
      await screenshot(phone, `review-phone-${colorScheme}`);
      expect(await phone.evaluate(() => document.documentElement.scrollWidth)).toBe(375);
      await phone.getByRole("button", { name: "Approve" }).click();
      await heading(phone, "Which database should the new service use?").waitFor();
      await dock(phone).getByText("Approved").waitFor();
      await checkAccessibility(phone);
      await screenshot(phone, `review-phone-held-${colorScheme}`);
      await phone.goto(`/w/${workflow}/review/${question.id}`);
    });
  }
});
