import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  api,
  card,
  check,
  live,
  makeTicket,
  makeWorkflow,
  move,
  openBoard,
  picture,
  signedIn,
  withBrowser,
} from "./harness";
import { makeJob, Worker } from "./worker";

withBrowser();

let workflow: string;
let worker: Worker;
beforeAll(async () => {
  workflow = await makeWorkflow("Approvals");
  worker = await Worker.hire(workflow, "Asking agent");
});

interface Asked {
  id: string;
  status: string;
  answer: string | null;
  reason: string | null;
}

const ask = (body: Record<string, unknown>) => worker.post<Asked>("/api/approvals", { workflow_id: workflow, ...body });
const now = (id: string) => api<Asked>("GET", `/api/approvals/${id}`);
const asked = (page: Page, id: string) => page.locator(`[data-approval="${id}"]`);

describe("approvals", () => {
  it("wake whoever is here, are answered by an option, and let the job go on", async () => {
    const ticket = await makeTicket(workflow, "Which database");
    await makeJob(ticket.ticket_id, { title: "Choose a database" });
    const lease = await worker.claim();
    const page = await openBoard(workflow);
    const { id } = await ask({
      job_id: lease.job.job_id,
      question: "Postgres or SQLite?",
      context: "Both would **do**.",
      options: ["Postgres", "SQLite"],
      blocks_job: true,
    });
    await page.getByText(/Asking agent needs you on TKT-/).waitFor();
    await page.getByTestId("approvals-count").waitFor();
    await card(page, ticket.ticket_id).locator('[data-job-status="waiting"]').waitFor();
    await check(page);
    await picture(page, "board-asked");
    await card(page, ticket.ticket_id).locator("[data-job]").click();
    await asked(page, id).locator("strong", { hasText: "do" }).waitFor();
    await asked(page, id).getByText("the job waits").waitFor();
    await check(page);
    await picture(page, "job-asked");
    await asked(page, id).getByRole("button", { name: "Postgres" }).click();
    await page.locator('header [data-job-status="running"]').waitFor();
    await asked(page, id).getByText("Answered").waitFor();
    expect((await now(id)).answer).toBe("Postgres");
    await lease.complete();
  });

  it("are worked off by keyboard", async () => {
    const ids: string[] = [];
    for (const question of ["First?", "Second?", "Third?"]) {
      ids.push((await ask({ question, options: question === "Third?" ? ["Red", "Blue"] : [] })).id);
    }
    const [first = "", second = "", third = ""] = ids;
    const page = await (await signedIn()).newPage();
    await page.goto("/approvals");
    await asked(page, first).waitFor();
    await check(page);
    await picture(page, "approvals");
    await page.keyboard.press("j");
    for (let i = 0; i < 20 && !(await asked(page, first).getAttribute("aria-current")); i += 1) {
      await page.keyboard.press("j");
    }
    await page.keyboard.press("a");
    await asked(page, first).waitFor({ state: "detached" });
    // The next one has its turn.
    await page.locator(`[data-approval="${second}"][aria-current="true"]`).waitFor();
    await page.keyboard.press("r");
    await page.getByLabel("Why not?").fill("It is too early.");
    await page.keyboard.press("Control+Enter");
    await asked(page, second).waitFor({ state: "detached" });
    await asked(page, third).focus();
    await page.keyboard.press("2");
    await asked(page, third).waitFor({ state: "detached" });
    // Who clicks into a field and writes must not set off the keys.
    const fourth = await ask({ question: "Fourth?" });
    await asked(page, fourth.id).getByLabel("Answer or reason").click();
    await page.keyboard.type("a really good one");
    await page.keyboard.press("Control+Enter");
    await asked(page, fourth.id).waitFor({ state: "detached" });
    expect(await now(fourth.id)).toMatchObject({ status: "answered", answer: "a really good one" });
    await page.getByRole("link", { name: "Decided" }).click();
    await asked(page, fourth.id).getByText("a really good one").waitFor();
    await asked(page, second).getByText("It is too early.").waitFor();
    await check(page);
    await picture(page, "decided");
    const outcomes = await Promise.all(ids.map(now));
    expect(outcomes.map(({ status }) => status)).toEqual(["approved", "rejected", "answered"]);
    expect([outcomes[1]?.reason, outcomes[2]?.answer]).toEqual(["It is too early.", "Blue"]);
  });

  it("come and go in the inbox while it is open, whoever decides", async () => {
    const page = await (await signedIn()).newPage();
    await page.goto("/approvals");
    const board = await page.context().newPage();
    await board.goto(`/w/${workflow}`);
    await live(board);
    const { id } = await ask({ question: "Free words, please?" });
    await board.getByRole("button", { name: "Answer" }).click();
    await board.waitForURL(/\/approvals/);
    await asked(board, id).getByLabel("Answer or reason").fill("Here they are.");
    await asked(board, id).getByRole("button", { name: "Answer" }).click();
    await asked(board, id).waitFor({ state: "detached" });
    expect((await now(id)).answer).toBe("Here they are.");
    await board.close();
    await live(page);
    const other = await ask({ question: "Never mind?" });
    await asked(page, other.id).waitFor();
    await worker.post(`/api/approvals/${other.id}/withdraw`, {});
    await asked(page, other.id).waitFor({ state: "detached" });
  });

  it("review tickets: held until somebody has looked", async () => {
    const ticket = await makeTicket(workflow, "Look at me first");
    const page = await openBoard(workflow);
    await worker.post("/api/tickets/request-review", {
      ticket_id: ticket.ticket_id,
      comment: "Is this wanted at all?",
    });
    await card(page, ticket.ticket_id).getByText("Needs review").waitFor();
    await expect(move(ticket.ticket_id, "in_progress")).rejects.toThrow(/409/);
    await card(page, ticket.ticket_id).getByRole("link").first().click();
    const drawer = page.getByRole("dialog", { name: /Look at me first/ });
    const review = drawer.getByRole("article", { name: /^Review/ });
    await review.getByLabel("Comment or reason").fill("Not this year.");
    await check(page);
    await picture(page, "ticket-review");
    await review.getByRole("button", { name: "Reject" }).click();
    await review.getByText("Rejected").waitFor();
    await card(page, ticket.ticket_id).getByText("Rejected").waitFor();
    await worker.post("/api/tickets/request-review", { ticket_id: ticket.ticket_id, comment: "And now?" });
    await drawer
      .getByRole("article", { name: /^Review/ })
      .getByRole("button", { name: "Approve" })
      .click();
    await card(page, ticket.ticket_id).getByText("Rejected").waitFor({ state: "detached" });
    await move(ticket.ticket_id, "in_progress");
  });

  it("clarify tickets: what is asked stands on the ticket, with ways out", async () => {
    const ticket = await makeTicket(workflow, "Unclear one");
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
    await question.getByText("Answered").waitFor();
    await drawer.getByText("Follow the title").nth(1).waitFor();
  });

  it("are asked for by people too, who do not decide them themselves", async () => {
    const ticket = await makeTicket(workflow, "I ask");
    const page = await openBoard(workflow);
    await page.goto(`/w/${workflow}/t/${ticket.ticket_id}`);
    const drawer = page.getByRole("dialog", { name: /I ask/ });
    await drawer.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: "Ask for a review…" }).click();
    await page.getByLabel("What should be looked at?").fill("The wording");
    await page.getByRole("button", { name: "Ask for a review" }).click();
    await drawer.getByText("Another person has to decide this.").waitFor();
    await drawer.getByRole("button", { name: "Take back" }).click();
    await drawer.getByText("Taken back").waitFor();
  });
});
