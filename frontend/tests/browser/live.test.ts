import { describe, expect, it } from "vitest";
import {
  api,
  card,
  cardIn,
  createTicket,
  createWorkflow,
  eventually,
  moveTicket,
  openBoard,
  waitUntilLive,
  withBrowser,
} from "./harness";

withBrowser();

describe("live updates", () => {
  it("catch up after being offline", async () => {
    const workflow = await createWorkflow("Offline");
    const tickets = [];
    for (let i = 1; i <= 5; i += 1) tickets.push(await createTicket(workflow, `Walks away ${i}`));
    const page = await openBoard(workflow);
    await card(page, (tickets[4] as { ticket_id: string }).ticket_id).waitFor();
    const boards: string[] = [];
    page.on("request", (request) => {
      if (request.url().includes("/api/board/")) boards.push(request.url());
    });
    await page.context().setOffline(true);
    for (const status of ["in_progress", "review", "testing"]) {
      for (const { ticket_id } of tickets) await moveTicket(ticket_id, status);
    }
    const late = await createTicket(workflow, "Born meanwhile");
    await page.context().setOffline(false);
    await page.evaluate(() => window.dispatchEvent(new Event("online")));
    for (const { ticket_id } of tickets) await cardIn(page, "testing", ticket_id).waitFor({ timeout: 30_000 });
    await card(page, late.ticket_id).waitFor();
    await waitUntilLive(page);
    // Only the missed events are fetched, not the board.
    expect(boards).toEqual([]);
  });

  it("fall back to polling when WebSockets are refused", async () => {
    const workflow = await createWorkflow("No sockets");
    const ticket = await createTicket(workflow, "Reach me anyway");
    const page = await openBoard(workflow);
    await page.close();
    const context = page.context();
    const other = await context.newPage();
    await other.routeWebSocket(/\/ws$/, (socket) => socket.close({ code: 1011 }));
    await other.goto(`/w/${workflow}`);
    await card(other, ticket.ticket_id).waitFor();
    await other.locator('[data-testid="live-status"][data-status="polling"]').waitFor({ timeout: 30_000 });
    await moveTicket(ticket.ticket_id, "done");
    await cardIn(other, "done", ticket.ticket_id).waitFor({ timeout: 30_000 });
  });

  it("apply a burst of changes in order", async () => {
    const workflow = await createWorkflow("Burst");
    const page = await openBoard(workflow);
    const made = await Promise.all(Array.from({ length: 40 }, (_, i) => createTicket(workflow, `Burst ${i}`)));
    await Promise.all(made.map(({ ticket_id }, i) => moveTicket(ticket_id, i % 2 ? "done" : "review")));
    const count = async (id: string) => (await page.getByTestId(`count-${id}`).textContent())?.match(/\d+/)?.[0];
    await eventually(
      "all changes are applied",
      async () => (await count("review")) === "20" && (await count("done")) === "20",
    );
    const { seq } = await api<{ seq: number }>("GET", `/api/board/${workflow}`);
    expect(seq).toBeGreaterThanOrEqual(80);
  });
});
