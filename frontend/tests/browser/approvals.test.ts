import type { Locator, Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  api,
  card,
  checkAccessibility,
  createTicket,
  createWorkflow,
  eventually,
  moveTicket,
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
  workflow = await createWorkflow("Approvals");
  worker = await Worker.create(workflow, "Asking agent");
});

interface Approval {
  id: string;
  status: string;
  answer: string | null;
  reason: string | null;
}

const requestApproval = (body: Record<string, unknown>) =>
  worker.post<Approval>("/api/approvals", { workflow_id: workflow, ...body });
const getApproval = (id: string) => api<Approval>("GET", `/api/approvals/${id}`);
const approvalCard = (page: Page, id: string) => page.locator(`[data-approval="${id}"]`);
/** Decisions are held for ten seconds; this does not wait for their end. */
const sendNow = (where: Locator) => where.getByRole("button", { name: "Send now" }).click();

describe("approvals", () => {
  it("notifies members, is answered with an option, and resumes the job", async () => {
    const ticket = await createTicket(workflow, "Which database");
    await createJob(ticket.ticket_id, { title: "Choose a database" });
    const lease = await worker.claim();
    const page = await openBoard(workflow);
    const { id } = await requestApproval({
      job_id: lease.job.job_id,
      question: "Postgres or SQLite?",
      context: "Both would **do**.",
      options: ["Postgres", "SQLite"],
      blocks_job: true,
    });
    await page
      .getByText(/Asking agent needs your input on TKT-/)
      .first()
      .waitFor();
    await page.getByTestId("approvals-count").waitFor();
    await card(page, ticket.ticket_id).locator('[data-job-status="waiting"]').waitFor();
    await checkAccessibility(page);
    await screenshot(page, "board-asked");
    await card(page, ticket.ticket_id).locator("[data-job]").click();
    await approvalCard(page, id).locator("strong", { hasText: "do" }).waitFor();
    await approvalCard(page, id).getByText("Blocks the job").waitFor();
    await checkAccessibility(page);
    await screenshot(page, "job-asked");
    await approvalCard(page, id).getByRole("button", { name: "Postgres" }).click();
    await sendNow(approvalCard(page, id));
    await page.locator('header [data-job-status="running"]').waitFor();
    await approvalCard(page, id).getByText("Answered").waitFor();
    expect((await getApproval(id)).answer).toBe("Postgres");
    await lease.complete();
  });

  it("supports deciding by keyboard", async () => {
    const ids: string[] = [];
    for (const question of ["First?", "Second?", "Third?"]) {
      ids.push((await requestApproval({ question, options: question === "Third?" ? ["Red", "Blue"] : [] })).id);
    }
    const [first = "", second = "", third = ""] = ids;
    // A member of this workflow alone, so that approvals of other tests are not in between.
    const page = await (await signedInMember(workflow, "Keyboard")).newPage();
    await page.goto("/approvals");
    await approvalCard(page, first).waitFor();
    await checkAccessibility(page);
    await screenshot(page, "approvals");
    await page.keyboard.press("j");
    await page.locator(`[data-approval="${first}"][aria-current="true"]`).waitFor();
    await page.keyboard.press("a");
    // It is held: one key undoes it, Enter sends it.
    await approvalCard(page, first).getByText("Approved", { exact: true }).waitFor();
    await checkAccessibility(page);
    await screenshot(page, "approvals-held");
    expect((await getApproval(first)).status).toBe("pending");
    await page.keyboard.press("z");
    await approvalCard(page, first).getByRole("button", { name: "Approve" }).waitFor();
    await page.getByTestId("announcer").getByText("Nothing was sent.").waitFor();
    await page.keyboard.press("a");
    await approvalCard(page, first).getByText("Approved", { exact: true }).waitFor();
    await page.keyboard.press("Enter");
    await approvalCard(page, first).waitFor({ state: "detached" });
    // The selection moves to the next approval.
    await page.locator(`[data-approval="${second}"][aria-current="true"]`).waitFor();
    await page.keyboard.press("r");
    await page.getByRole("dialog").getByLabel("Reason").fill("It is too early.");
    await page.keyboard.press("Control+Enter");
    await approvalCard(page, second).getByText("Rejected", { exact: true }).waitFor();
    await page.keyboard.press("Enter");
    await approvalCard(page, second).waitFor({ state: "detached" });
    await approvalCard(page, third).focus();
    // A mistyped digit is corrected by the right one.
    await page.keyboard.press("1");
    await approvalCard(page, third).getByText("Answered", { exact: true }).waitFor();
    await page.keyboard.press("2");
    await approvalCard(page, third).getByText("Blue").waitFor();
    await page.keyboard.press("Enter");
    await approvalCard(page, third).waitFor({ state: "detached" });
    // Typing in a field must not trigger shortcuts.
    const fourth = await requestApproval({ question: "Fourth?" });
    await approvalCard(page, fourth.id).getByLabel("Answer or reason").click();
    await page.keyboard.type("a really good one");
    await page.keyboard.press("Control+Enter");
    // The notice of the held decision has the focus of the field that it replaced.
    await approvalCard(page, fourth.id).getByText("Answered", { exact: true }).waitFor();
    await page.keyboard.press("Enter");
    await approvalCard(page, fourth.id).waitFor({ state: "detached" });
    expect(await getApproval(fourth.id)).toMatchObject({ status: "answered", answer: "a really good one" });
    await page.getByRole("link", { name: "Decided" }).click();
    await approvalCard(page, fourth.id).getByText("a really good one").waitFor();
    await approvalCard(page, second).getByText("It is too early.").waitFor();
    await checkAccessibility(page);
    await screenshot(page, "decided");
    const outcomes = await Promise.all(ids.map(getApproval));
    expect(outcomes.map(({ status }) => status)).toEqual(["approved", "rejected", "answered"]);
    expect([outcomes[1]?.reason, outcomes[2]?.answer]).toEqual(["It is too early.", "Blue"]);
  });

  it("keeps the inbox up to date while it is open", async () => {
    const page = await (await signedIn()).newPage();
    await page.goto("/approvals");
    const board = await page.context().newPage();
    await board.goto(`/w/${workflow}`);
    await waitUntilLive(board);
    const { id } = await requestApproval({ question: "Free words, please?" });
    await board.getByRole("button", { name: "Answer" }).click();
    await board.waitForURL(/\/approvals/);
    await approvalCard(board, id).getByLabel("Answer or reason").fill("Here they are.");
    await approvalCard(board, id).getByRole("button", { name: "Answer" }).click();
    await sendNow(approvalCard(board, id));
    await approvalCard(board, id).waitFor({ state: "detached" });
    expect((await getApproval(id)).answer).toBe("Here they are.");
    await board.close();
    await waitUntilLive(page);
    const other = await requestApproval({ question: "Never mind?" });
    await approvalCard(page, other.id).waitFor();
    await worker.post(`/api/approvals/${other.id}/withdraw`, {});
    await approvalCard(page, other.id).waitFor({ state: "detached" });
  });

  it("holds a ticket until its review is approved", async () => {
    const ticket = await createTicket(workflow, "Look at me first");
    const page = await openBoard(workflow);
    await worker.post("/api/tickets/request-review", {
      ticket_id: ticket.ticket_id,
      comment: "Is this wanted at all?",
    });
    await card(page, ticket.ticket_id).getByText("Needs review").waitFor();
    await expect(moveTicket(ticket.ticket_id, "in_progress")).rejects.toThrow(/409/);
    await card(page, ticket.ticket_id).getByRole("link").first().click();
    const drawer = page.getByRole("dialog", { name: /Look at me first/ });
    const review = drawer.getByRole("article", { name: /^Review/ });
    await review.getByLabel("Comment or reason").fill("Not this year.");
    await checkAccessibility(page);
    await screenshot(page, "ticket-review");
    await review.getByRole("button", { name: "Reject" }).click();
    await review.getByText("Rejected", { exact: true }).waitFor();
    await review.getByRole("button", { name: "Undo" }).click();
    expect(await review.getByLabel("Comment or reason").inputValue()).toBe("Not this year.");
    await review.getByRole("button", { name: "Reject" }).click();
    await sendNow(review);
    await review.getByText("Rejected").waitFor();
    await card(page, ticket.ticket_id).getByText("Rejected").waitFor();
    await worker.post("/api/tickets/request-review", { ticket_id: ticket.ticket_id, comment: "And now?" });
    // The card no longer says Rejected once the second review is asked for, so only Approved tells that the answer is in.
    await review.getByRole("button", { name: "Approve" }).click();
    await sendNow(review);
    await review.getByText("Approved").waitFor();
    await card(page, ticket.ticket_id).getByText("Rejected").waitFor({ state: "detached" });
    await moveTicket(ticket.ticket_id, "in_progress");
  });

  it("shows a clarification on its ticket with the options to choose from", async () => {
    const ticket = await createTicket(workflow, "Unclear one");
    await worker.post("/api/tickets/request-clarification", {
      ticket_id: ticket.ticket_id,
      conflict_description: "The title says one thing, the description another.",
      potential_solutions: ["Follow the title", "Follow the description"],
    });
    const page = await openBoard(workflow);
    await page.goto(`/w/${workflow}/t/${ticket.ticket_id}`);
    const drawer = page.getByRole("dialog", { name: /Unclear one/ });
    const question = drawer.getByRole("article", { name: /^Clarification/ });
    expect(await question.getByRole("button", { name: "Approve" }).count()).toBe(0);
    await question.getByRole("button", { name: "Follow the title" }).click();
    await sendNow(question);
    await question.getByText("Answered").waitFor();
    await drawer.getByText("Follow the title").nth(1).waitFor();
  });

  it("does not let a user decide their own review request", async () => {
    const ticket = await createTicket(workflow, "I ask");
    const page = await openBoard(workflow);
    await page.goto(`/w/${workflow}/t/${ticket.ticket_id}`);
    const drawer = page.getByRole("dialog", { name: /I ask/ });
    await drawer.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: "Request review…" }).click();
    await page.getByLabel("What should be reviewed?").fill("The wording");
    await page.getByRole("button", { name: "Request review" }).click();
    await drawer.getByText("Another member has to decide this.").waitFor();
    await drawer.getByRole("button", { name: "Withdraw" }).click();
    await drawer.getByText("Withdrawn", { exact: true }).first().waitFor();
  });

  it("sends a held decision after ten seconds, on any page, when the page is closed, and before signing out", async () => {
    const ask = async (question: string) => (await requestApproval({ question })).id;
    const ids = [await ask("Held one?"), await ask("Held two?"), await ask("Held three?")];
    const [one = "", two = "", three = ""] = ids;
    const context = await signedInMember(workflow, "Patient");
    const page = await context.newPage();
    await page.clock.install();
    await page.goto("/approvals");
    await approvalCard(page, one).getByRole("button", { name: "Approve" }).click();
    // Another page shows it as well, with the same way back.
    await page.getByRole("link", { name: "My work" }).first().click();
    const dock = page.getByRole("region", { name: "Held decisions" });
    await dock.getByText("Held one?").waitFor();
    await page.clock.runFor(9_000);
    expect((await getApproval(one)).status).toBe("pending");
    await page.clock.runFor(1_500);
    await dock.waitFor({ state: "detached" });
    expect((await getApproval(one)).status).toBe("approved");
    // A page that is closed sends what it holds.
    await page.goto("/approvals");
    await approvalCard(page, two).getByRole("button", { name: "Reject" }).click();
    await approvalCard(page, two).getByText("Rejected", { exact: true }).waitFor();
    await page.goto("about:blank");
    await eventually("it is sent", async () => (await getApproval(two)).status === "rejected");
    const next = await context.newPage();
    await next.goto("/approvals");
    await approvalCard(next, three).getByRole("button", { name: "Approve" }).click();
    await next.getByRole("button", { name: /^Account menu/ }).click();
    await next.getByRole("menuitem", { name: "Sign out" }).click();
    await next.waitForURL(/sign-in/);
    expect((await getApproval(three)).status).toBe("approved");
  });
});
