import { beforeAll, describe, it } from "vitest";
import { api, checkAccessibility, createTicket, createWorkflow, openBoard, screenshot, withBrowser } from "./harness";

withBrowser();

let workflow: string;
beforeAll(async () => {
  workflow = await createWorkflow("Timeline");
});

const sendEvent = (ticketId: string, event: string, more: Record<string, unknown>) =>
  api("POST", "/api/internal/ticket-event", { ticketId, event, ...more });

describe("ticket timeline", () => {
  it("shows progress, activity and pull requests live", async () => {
    const ticket = await createTicket(workflow, "Reported from outside");
    const page = await openBoard(workflow);
    await page.goto(`/w/${workflow}/t/${ticket.ticket_id}`);
    const drawer = page.getByRole("dialog", { name: /Reported from outside/ });
    await drawer.getByRole("tab", { name: /History/ }).click();
    await sendEvent(ticket.ticket_id, "progress", { phase: "planning", message: "Reading the code" });
    await drawer.getByText("Reading the code").waitFor();
    await sendEvent(ticket.ticket_id, "activity", {
      category: "git",
      message: "Pushed two commits",
      actorId: "builder",
    });
    await drawer.getByText("Pushed two commits").waitFor();
    await sendEvent(ticket.ticket_id, "pr_created", { prUrl: "https://github.com/acme/shop/pull/12", branch: "fix" });
    await drawer
      .getByRole("list", { name: "Pull requests" })
      .getByRole("link", { name: "github.com/acme/shop/pull/12" })
      .waitFor();
    await drawer.getByText(/opened the pull request/).waitFor();
    await checkAccessibility(page);
    await screenshot(page, "timeline");
  });
});
