import { beforeAll, describe, expect, it } from "vitest";
import { api, column, createWorkflow, eventually, moveTicket, openBoard, screenshot, withBrowser } from "./harness";

withBrowser();

const CARDS = 2_400;
const CONCURRENCY = 8;

let workflow: string;
let last: string;

beforeAll(async () => {
  workflow = await createWorkflow("Big");
  let next = 0;
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      while (next < CARDS) {
        next += 1;
        const { ticket_id } = await api<{ ticket_id: string }>("POST", "/api/tickets/create", {
          workflow_id: workflow,
          title: `Card ${next} of a large board`,
          description: "One of very many tickets.",
          initial_status: next % 10 === 0 ? "done" : "todo",
        });
        last = ticket_id;
      }
    }),
  );
}, 240_000);

describe("large board", () => {
  it("renders only visible cards, scrolls to the end, and stays live", async () => {
    const page = await openBoard(workflow);
    await page.getByTestId("ticket-total").getByText("2,400 tickets").waitFor();
    const nodes = () => page.evaluate(() => document.querySelectorAll("*").length);
    const cards = () => page.locator("[data-ticket]").count();
    expect(await cards()).toBeLessThan(80);
    expect(await nodes()).toBeLessThan(4_000);
    await screenshot(page, "big-board");

    const scroller = column(page, "todo").locator("[data-scroller]");
    await column(page, "todo").scrollIntoViewIfNeeded();
    const end = async () => {
      await scroller.evaluate((element) => {
        element.scrollTop = element.scrollHeight;
      });
      return column(page, "todo").locator('li[aria-posinset="2160"]').count();
    };
    await eventually("the last card is rendered", async () => (await end()) === 1);
    expect(await cards()).toBeLessThan(80);
    expect(await nodes()).toBeLessThan(4_000);

    const done = column(page, "done");
    await done.scrollIntoViewIfNeeded();
    await done.locator('li[aria-setsize="200"]').first().waitFor();
    await done.getByRole("button", { name: "Show older tickets" }).click();
    await done.locator('li[aria-setsize="240"]').first().waitFor();
    expect(await done.getByRole("button", { name: "Show older tickets" }).count()).toBe(0);

    await moveTicket(last, "review");
    await column(page, "review").locator(`[data-ticket="${last}"]`).waitFor();
  });
});
