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
  withBrowser,
} from "./harness";
import { createJob, Worker } from "./worker";

withBrowser();

let workflow: string;
let worker: Worker;
beforeAll(async () => {
  workflow = await createWorkflow("Attention");
  worker = await Worker.create(workflow);
});

async function failJob(ticketId: string, title: string, error: string): Promise<string> {
  await createJob(ticketId, { title });
  const lease = await worker.claim();
  await lease.fail(error);
  return lease.job.job_id;
}

describe("a ticket whose job failed", () => {
  it("keeps a red foot with the reason and Retry, in every browser, until somebody deals with it", async () => {
    const ticket = await createTicket(workflow, "Backs up the disk");
    const calm = await createTicket(workflow, "Has no job");
    const [page, other] = [await openBoard(workflow), await openBoard(workflow)];
    const foot = card(page, ticket.ticket_id).locator('[data-alarm="failed"]');
    const otherFoot = card(other, ticket.ticket_id).locator('[data-alarm="failed"]');
    await failJob(ticket.ticket_id, "Copy the files", "The disk is full.");
    await foot.getByText("The disk is full.").waitFor();
    await otherFoot.getByText(/^Failed · attempt 1 of/).waitFor();
    expect(await page.getByTestId("attention-count").textContent()).toBe("1");

    // It comes from the server, so a reload shows it too, and so does the filter in the URL.
    await page.reload();
    await foot.getByText("The disk is full.").waitFor();
    await page.getByRole("button", { name: "Needs attention, 1 ticket" }).click();
    await card(page, calm.ticket_id).waitFor({ state: "detached" });
    expect(new URL(page.url()).searchParams.get("needs")).toBe("attention");
    await page.reload();
    await foot.waitFor();
    expect(await card(page, calm.ticket_id).count()).toBe(0);
    await checkAccessibility(page);
    await page.emulateMedia({ colorScheme: "dark" });
    await checkAccessibility(page);
    await screenshot(page, "needs-attention");

    await foot.getByRole("button", { name: "Retry Copy the files" }).click();
    await foot.waitFor({ state: "detached" });
    await otherFoot.waitFor({ state: "detached" });
    await eventually(
      "nothing needs attention",
      async () => (await other.getByTestId("attention-count").textContent()) === "0",
    );
    const again = await worker.claim();
    expect(again.job.title).toBe("Copy the files");
    await again.complete({ resolution_comment: "There was room this time." });
  });

  it("needs no attention once it is in a done column or has another job", async () => {
    const [moved, redone] = [await createTicket(workflow, "Given up"), await createTicket(workflow, "Done again")];
    await failJob(moved.ticket_id, "First try", "It broke.");
    await failJob(redone.ticket_id, "First try", "It broke too.");
    const page = await openBoard(workflow);
    const feet = page.locator('[data-alarm="failed"]');
    await eventually("both failures are shown", async () => (await feet.count()) === 2);
    await createJob(redone.ticket_id, { title: "Second try" });
    await eventually("one failure is shown", async () => (await feet.count()) === 1);
    await page.reload();
    await card(page, moved.ticket_id).locator('[data-alarm="failed"]').waitFor();
    expect(await feet.count()).toBe(1);
    const { board_config } = await api<{ board_config: { columns: { id: string; category: string }[] } }>(
      "GET",
      `/api/workflows/${workflow}`,
    );
    const done = board_config.columns.findLast(({ category }) => category === "done")?.id ?? "done";
    await moveTicket(moved.ticket_id, done);
    await eventually("no failure is shown", async () => (await feet.count()) === 0);
    await (await worker.claim()).complete({ resolution_comment: "It worked the second time." });
  });

  it("is shown first in the ticket, with its whole reason", async () => {
    const ticket = await createTicket(workflow, "Opened after a failure");
    await failJob(ticket.ticket_id, "Parse the file", "Line 3 is empty.\nLine 9 is empty.");
    const page = await openBoard(workflow, { viewport: { width: 375, height: 740 } });
    await page.goto(`/w/${workflow}/t/${ticket.ticket_id}`);
    const row = page.getByRole("region", { name: "Jobs" }).locator('[data-alarm="failed"]');
    await row.getByText("Line 9 is empty.").waitFor();
    await checkAccessibility(page);
    await row.getByRole("button", { name: "Retry Parse the file" }).click();
    await row.waitFor({ state: "detached" });
    await (await worker.claim()).complete({ resolution_comment: "The file has no empty lines now." });
  });
});

describe("a ticket whose agent is silent", () => {
  it("says so", async () => {
    const own = await createWorkflow("Silence on the board");
    const robot = await Worker.create(own);
    const ticket = await createTicket(own, "Held by a silent agent", { assigned_agent_id: robot.agentId });
    await moveTicket(ticket.ticket_id, "in_progress");
    const page = await openBoard(own);
    const finding = {
      kind: "agent_silent",
      agent_id: robot.agentId,
      message: "Robot has done nothing about its tickets for 2 hours.",
      since: new Date(Date.now() - 7_200_000).toISOString(),
      suggestion: { action: "ask", message: "Restart Robot, or reassign its tickets." },
    };
    // Silence takes an hour, so this answer is made up.
    await page.route(/\/findings\?/, (route) => route.fulfill({ json: { findings: [finding], has_more: false } }));
    await page.reload();
    await card(page, ticket.ticket_id).locator('[data-alarm="silent"]').getByText(finding.message).waitFor();
    await page.getByRole("button", { name: "Needs attention, 1 ticket" }).waitFor();
    await checkAccessibility(page);
    await page.goto(`/w/${own}/t/${ticket.ticket_id}`);
    await page.getByText("Restart Robot, or reassign its tickets.").waitFor();
  });
});
