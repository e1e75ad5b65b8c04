import type { BrowserContext, Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { api, check, live, makeTicket, makeWorkflow, openContext, signedIn, url, withBrowser } from "./harness";
import { makeJob, Worker } from "./worker";

withBrowser();

let workflow: string;
let worker: Worker;
beforeAll(async () => {
  workflow = await makeWorkflow("Deciding");
  worker = await Worker.hire(workflow, "Careful agent");
});

interface Asked {
  id: string;
  status: string;
  answer: string | null;
  decided_by: string | null;
}

const ask = (body: Record<string, unknown>) => worker.post<Asked>("/api/approvals", { workflow_id: workflow, ...body });
const asked = (page: Page, id: string) => page.locator(`[data-approval="${id}"]`);

/** A second person, who is a member. */
async function colleague(name: string): Promise<BrowserContext> {
  const context = await openContext();
  const email = `${name.toLowerCase()}${Date.now()}@example.com`;
  const registered = await context.request.post("/api/auth/register", {
    data: { email, password: "a colleague's long password", name, token_mode: "cookie" },
    headers: { origin: url },
  });
  expect(registered.ok()).toBe(true);
  await api("PUT", `/api/workflows/${workflow}/members/${encodeURIComponent(email)}`, { role: "member" });
  return context;
}

async function inbox(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto("/approvals");
  await live(page);
  return page;
}

describe("deciding", () => {
  it("wakes the asker, who waits for the answer, and shows it wherever the question stands", async () => {
    const ticket = await makeTicket(workflow, "Which colour");
    await makeJob(ticket.ticket_id, { title: "Paint it" });
    const lease = await worker.claim();
    const context = await signedIn();
    const ticketPage = await context.newPage();
    await ticketPage.goto(`/w/${workflow}/t/${ticket.ticket_id}`);
    await live(ticketPage);
    const jobPage = await context.newPage();
    await jobPage.goto(`/w/${workflow}/jobs/${lease.job.job_id}`);
    await live(jobPage);
    const page = await inbox(context);
    const { id } = await ask({
      job_id: lease.job.job_id,
      question: "Red or blue?",
      options: ["Red", "Blue"],
      blocks_job: true,
    });
    for (const where of [page, ticketPage, jobPage]) await asked(where, id).getByText("Red or blue?").waitFor();
    await jobPage.locator('header [data-job-status="waiting"]').waitFor();
    const woken = worker.get<Asked>(`/api/approvals/${id}?wait=30`);
    await asked(page, id).getByRole("button", { name: "Blue" }).click();
    expect(await woken).toMatchObject({ status: "answered", answer: "Blue" });
    await asked(page, id).waitFor({ state: "detached" });
    for (const where of [ticketPage, jobPage]) {
      await asked(where, id).getByText("Answered").waitFor();
      await asked(where, id).getByText("Blue", { exact: true }).waitFor();
    }
    await jobPage.locator('header [data-job-status="running"]').waitFor();
    expect((await lease.heartbeat()).status).toBe("running");
    await lease.complete();
  });

  it("by another does not turn what one is writing into decisions", async () => {
    const other = await inbox(await colleague("Carla"));
    const page = await inbox(await signedIn());
    const bystander = await ask({ question: "Delete everything?" });
    const { id } = await ask({ question: "What shall it be called?" });
    await asked(page, id).getByLabel("Answer or reason").click();
    await page.keyboard.type("Just ");
    await asked(other, id).getByLabel("Answer or reason").fill("Callboard");
    await asked(other, id).getByRole("button", { name: "Answer" }).click();
    await asked(other, id).waitFor({ state: "detached" });
    await page.getByText("Somebody has settled this meanwhile").waitFor();
    await page.keyboard.type("call it a joke");
    await page.keyboard.press("Control+Enter");
    await page.getByText("It was not decided").waitFor();
    await page.getByText(/Carla/).waitFor();
    expect(await asked(page, id).getByLabel("Answer or reason").inputValue()).toBe("Just call it a joke");
    await page.keyboard.press("Escape");
    await asked(page, id).waitFor({ state: "detached" });
    expect((await api<Asked>("GET", `/api/approvals/${bystander.id}`)).status).toBe("pending");
    await worker.post(`/api/approvals/${bystander.id}/withdraw`, {});
  });

  it("is done once: who comes second is told who was first, and what they said", async () => {
    const first = await inbox(await colleague("Berta"));
    const second = await inbox(await signedIn());
    const { id } = await ask({ question: "Ship it today?" });
    await asked(first, id).waitFor();
    await asked(second, id).waitFor();
    // The second decision is under way while the first one is made.
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const sent = new Promise<void>((resolve) => {
      void second.route(`**/api/approvals/${id}/reject`, async (route) => {
        resolve();
        await held;
        await route.continue();
      });
    });
    await asked(second, id).getByRole("button", { name: "Reject" }).click();
    await sent;
    await asked(first, id).getByRole("button", { name: "Approve" }).click();
    await asked(first, id).waitFor({ state: "detached" });
    letGo();
    await second.getByText("It was not decided").waitFor();
    await second.getByText(/Berta/).waitFor();
    await asked(second, id).waitFor({ state: "detached" });
    await check(second);
    expect((await api<Asked>("GET", `/api/approvals/${id}`)).status).toBe("approved");
  });
});
