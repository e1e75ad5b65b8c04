import type { BrowserContext, Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  api,
  checkAccessibility,
  createTicket,
  createWorkflow,
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
  workflow = await createWorkflow("Deciding");
  worker = await Worker.create(workflow, "Careful agent");
});

interface Approval {
  id: string;
  status: string;
  answer: string | null;
  decided_by: string | null;
}

const requestApproval = (body: Record<string, unknown>) =>
  worker.post<Approval>("/api/approvals", { workflow_id: workflow, ...body });
const approvalCard = (page: Page, id: string) => page.locator(`[data-approval="${id}"]`);
/** Decisions are held for ten seconds; this does not wait for their end. */
const sendNow = (page: Page, id: string) => approvalCard(page, id).getByRole("button", { name: "Send now" }).click();

async function openInbox(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto("/approvals");
  await waitUntilLive(page);
  return page;
}

describe("decisions", () => {
  it("reach the waiting worker and every page that shows the approval", async () => {
    const ticket = await createTicket(workflow, "Which colour");
    await createJob(ticket.ticket_id, { title: "Paint it" });
    const lease = await worker.claim();
    const context = await signedIn();
    const ticketPage = await context.newPage();
    await ticketPage.goto(`/w/${workflow}/t/${ticket.ticket_id}`);
    await waitUntilLive(ticketPage);
    const jobPage = await context.newPage();
    await jobPage.goto(`/w/${workflow}/jobs/${lease.job.job_id}`);
    await waitUntilLive(jobPage);
    const page = await openInbox(context);
    const { id } = await requestApproval({
      job_id: lease.job.job_id,
      question: "Red or blue?",
      options: ["Red", "Blue"],
      blocks_job: true,
    });
    for (const where of [page, ticketPage, jobPage]) await approvalCard(where, id).getByText("Red or blue?").waitFor();
    await jobPage.locator('header [data-job-status="waiting"]').waitFor();
    const longPoll = worker.get<Approval>(`/api/approvals/${id}?wait=30`);
    await approvalCard(page, id).getByRole("button", { name: "Blue" }).click();
    await sendNow(page, id);
    expect(await longPoll).toMatchObject({ status: "answered", answer: "Blue" });
    await approvalCard(page, id).waitFor({ state: "detached" });
    for (const where of [ticketPage, jobPage]) {
      await approvalCard(where, id).getByText("Answered").waitFor();
      await approvalCard(where, id).getByText("Blue", { exact: true }).waitFor();
    }
    await jobPage.locator('header [data-job-status="running"]').waitFor();
    expect((await lease.heartbeat()).status).toBe("running");
    await lease.complete();
  });

  it("by someone else do not turn a draft into shortcuts", async () => {
    const other = await openInbox(await signedInMember(workflow, "Carla"));
    const page = await openInbox(await signedIn());
    const bystander = await requestApproval({ question: "Delete everything?" });
    const { id } = await requestApproval({ question: "What shall it be called?" });
    await approvalCard(page, id).getByLabel("Answer or reason").click();
    await page.keyboard.type("Just ");
    await approvalCard(other, id).getByLabel("Answer or reason").fill("Callboard");
    await approvalCard(other, id).getByRole("button", { name: "Answer" }).click();
    await sendNow(other, id);
    await approvalCard(other, id).waitFor({ state: "detached" });
    await page.getByText("Someone else has already decided this").waitFor();
    await page.keyboard.type("call it a joke");
    await page.keyboard.press("Control+Enter");
    await page.getByRole("button", { name: "Send now" }).click();
    const refused = page.getByRole("alert").filter({ hasText: "Could not save the decision" });
    await refused.getByText(/Carla/).waitFor();
    // Nothing that was written is lost.
    await refused.getByText("Just call it a joke").waitFor();
    await approvalCard(page, id).waitFor({ state: "detached" });
    await checkAccessibility(page);
    await refused.getByRole("button", { name: "Dismiss" }).click();
    await refused.waitFor({ state: "detached" });
    expect((await api<Approval>("GET", `/api/approvals/${bystander.id}`)).status).toBe("pending");
    await worker.post(`/api/approvals/${bystander.id}/withdraw`, {});
  });

  it("are made once: the second user sees who decided first", async () => {
    const first = await openInbox(await signedInMember(workflow, "Berta"));
    const second = await openInbox(await signedIn());
    const { id } = await requestApproval({ question: "Ship it today?" });
    await approvalCard(first, id).waitFor();
    await approvalCard(second, id).waitFor();
    // Holds the second request until the first decision is made.
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const sent = new Promise<void>((resolve) => {
      void second.route(`**/api/approvals/${id}/reject`, async (route) => {
        resolve();
        await held;
        await route.continue();
      });
    });
    await approvalCard(second, id).getByRole("button", { name: "Reject" }).click();
    await sendNow(second, id);
    await sent;
    await approvalCard(first, id).getByRole("button", { name: "Approve" }).click();
    await sendNow(first, id);
    await approvalCard(first, id).waitFor({ state: "detached" });
    release();
    await second.getByText("Could not save the decision").waitFor();
    await second.getByText(/Berta/).waitFor();
    await approvalCard(second, id).waitFor({ state: "detached" });
    await checkAccessibility(second);
    expect((await api<Approval>("GET", `/api/approvals/${id}`)).status).toBe("approved");
  });

  it("that are held are not sent once somebody else has decided", async () => {
    const first = await openInbox(await signedInMember(workflow, "Dora"));
    const second = await openInbox(await signedIn());
    const { id } = await requestApproval({ question: "Merge the branch?" });
    await approvalCard(second, id).getByLabel("Answer or reason").fill("The tests are missing.");
    await approvalCard(second, id).getByRole("button", { name: "Reject" }).click();
    await approvalCard(second, id).getByText("Rejected", { exact: true }).waitFor();
    await approvalCard(first, id).getByRole("button", { name: "Approve" }).click();
    await sendNow(first, id);
    // Shown at once, long before the ten seconds are over.
    const refused = second.getByRole("alert").filter({ hasText: "This was approved already by Dora." });
    await refused.getByText("The tests are missing.").waitFor();
    await approvalCard(second, id).waitFor({ state: "detached" });
    expect(await api<Approval>("GET", `/api/approvals/${id}`)).toMatchObject({ status: "approved" });
  });
});
