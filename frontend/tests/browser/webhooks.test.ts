import { createHmac } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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

withBrowser();

interface Delivery {
  id: string;
  timestamp: string;
  signature: string;
  body: string;
}

/** A webhook receiver that records deliveries and responds with `responseStatus`. */
let receiver: Server;
let receiverUrl: string;
let responseStatus = 204;
const deliveries: Delivery[] = [];
const types = () => deliveries.map(({ body }) => (JSON.parse(body) as { type: string }).type);

beforeAll(async () => {
  receiver = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on("end", () => {
      const header = (name: string) => String(request.headers[name]);
      const [id, timestamp, signature] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map(header);
      deliveries.push({ id: id ?? "", timestamp: timestamp ?? "", signature: signature ?? "", body });
      response.writeHead(responseStatus).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  receiverUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/callboard`;
});
afterAll(() => receiver.close());

function isSigned({ id, timestamp, signature, body }: Delivery, secret: string): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  return signature === `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}

const withUnknownType = (webhook: { events: string[] }) => ({
  ...webhook,
  events: [...webhook.events, "sprint_began"],
});

const REFUSAL = {
  type: "urn:callboard:problem:invalid",
  title: "Not valid",
  status: 422,
  detail: "The field events must list types of events like status_changed; there is no type sprint_began.",
  code: "invalid",
  errors: [{ field: "events", rule: "must list types of events like status_changed; there is no type sprint_began" }],
};

describe("webhooks", () => {
  it("are created, tested, paused, resumed, edited and deleted by owners", async () => {
    const workflow = await createWorkflow("Webhooks");
    const ticket = await createTicket(workflow, "Watched from outside");
    const page = await (await signedIn()).newPage();
    await page.goto(`/w/${workflow}/settings`);
    await waitUntilLive(page);
    const section = page.getByRole("region", { name: "Webhooks" });
    await section.getByText("No webhooks yet.").waitFor();

    await section.getByRole("button", { name: "Add webhook" }).click();
    const dialog = page.getByRole("dialog", { name: "New webhook" });
    await dialog.getByLabel("URL").fill("ftp://example.org");
    await dialog.getByRole("button", { name: "Create webhook" }).click();
    await dialog.getByText(/^The URL must/).waitFor();
    await dialog.getByLabel("URL").fill(receiverUrl);
    await dialog.getByLabel("Selected events").check();
    await dialog.getByText("No type is selected, so all events are sent.").waitFor();
    await dialog.getByLabel("status_changed").check();
    await checkAccessibility(page);
    await screenshot(page, "webhook-dialog");
    await dialog.getByRole("button", { name: "Create webhook" }).click();
    const secret = await page.getByLabel("Signing secret").inputValue();
    expect(secret).toMatch(/^whsec_/);
    await page.getByRole("button", { name: "Done" }).click();
    const row = section.getByRole("listitem").filter({ hasText: receiverUrl }).first();
    await row.getByText("Active").waitFor();
    await row.getByText("Only status_changed").waitFor();

    await row.getByRole("button", { name: /^Test/ }).click();
    await page.getByText("Test delivered").waitFor();
    await moveTicket(ticket.ticket_id, "in_progress");
    await eventually("the move is delivered", async () => types().includes("status_changed"));
    expect(types()).toEqual(["webhook_test", "status_changed"]);
    expect(deliveries.every((one) => isSigned(one, secret))).toBe(true);
    await row.getByRole("button", { name: /^Deliveries/ }).click();
    const log = row.getByRole("list", { name: "Deliveries" });
    await log.getByText("status_changed").waitFor();
    await log.getByText("webhook_test").waitFor();

    await row.getByRole("button", { name: /^Pause/ }).click();
    await row.getByText(/^switched off by/).waitFor();
    await moveTicket(ticket.ticket_id, "review");
    await row.getByText(/pending$/).waitFor();
    expect(deliveries).toHaveLength(2);
    await checkAccessibility(page);
    await screenshot(page, "webhooks");
    await row.getByRole("button", { name: /^Resume/ }).click();
    await row.getByText("Active").waitFor();
    await eventually("the pending event is delivered", async () => deliveries.length === 3);

    // A 410 response disables the webhook, with the reason shown to owners.
    responseStatus = 410;
    await moveTicket(ticket.ticket_id, "testing");
    await row.getByText(/410 Gone/).waitFor();
    await log.getByRole("img", { name: "Failed" }).first().waitFor();
    responseStatus = 204;
    await row.getByRole("button", { name: /^Resume/ }).click();
    await eventually("the failed event is delivered after resuming", async () => deliveries.length === 5);

    await row.getByRole("button", { name: /^Actions for/ }).click();
    await page.getByRole("menuitem", { name: "Edit…" }).click();
    const change = page.getByRole("dialog", { name: "Edit webhook" });
    await change.getByLabel("All events").check();
    await change.getByRole("button", { name: "Save changes" }).click();
    await row.getByText("All events").waitFor();
    await row.getByRole("button", { name: /^Actions for/ }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByRole("button", { name: "Delete webhook" }).click();
    await section.getByText("No webhooks yet.").waitFor();
    expect(await api("GET", `/api/webhooks?workflow_id=${workflow}`)).toEqual({ webhooks: [] });
  });

  it("show refused event types beside the selection, and let unknown ones be removed", async () => {
    const workflow = await createWorkflow("Unknown event types");
    const { id } = await api<{ id: string }>("POST", "/api/webhooks", {
      workflow_id: workflow,
      url: receiverUrl,
      events: ["status_changed"],
    });
    const page = await (await signedIn()).newPage();
    // As if it had been stored before the server knew its event types.
    await page.route(/\/api\/webhooks\?/, async (route) => {
      const response = await route.fetch();
      const { webhooks } = (await response.json()) as { webhooks: Array<{ events: string[] }> };
      await route.fulfill({ response, json: { webhooks: webhooks.map(withUnknownType) } });
    });
    await page.route(`**/api/webhooks/${id}`, async (route) => {
      const { events } = route.request().postDataJSON() as { events?: string[] };
      if (events?.includes("sprint_began")) await route.fulfill({ status: 422, json: REFUSAL });
      else await route.continue();
    });
    await page.goto(`/w/${workflow}/settings`);
    await waitUntilLive(page);
    const row = page.locator(`[data-webhook="${id}"]`);
    await row.getByText("status_changed and sprint_began").waitFor();
    await row.getByRole("button", { name: /^Actions for/ }).click();
    await page.getByRole("menuitem", { name: "Edit…" }).click();
    const dialog = page.getByRole("dialog", { name: "Edit webhook" });
    await dialog.getByLabel("ticket_created").check();
    await dialog.getByRole("button", { name: "Save changes" }).click();
    await dialog
      .getByText("Events must list types of events like status_changed; there is no type sprint_began.")
      .waitFor();
    await checkAccessibility(page);
    await screenshot(page, "webhook-unknown-event");
    await dialog.getByRole("button", { name: "Remove event type sprint_began" }).click();
    await dialog.getByRole("button", { name: "Save changes" }).click();
    await dialog.waitFor({ state: "detached" });
    const { events } = await api<{ events: string[] }>("GET", `/api/webhooks/${id}`);
    expect(events.toSorted()).toEqual(["status_changed", "ticket_created"]);
    await page.unrouteAll({ behavior: "ignoreErrors" });
  });

  it("fit a phone and update live", async () => {
    const workflow = await createWorkflow("Webhooks on a phone");
    const { id } = await api<{ id: string }>("POST", "/api/webhooks", {
      workflow_id: workflow,
      url: `${receiverUrl}/${"a-rather-long-path-".repeat(8)}`,
    });
    const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
    const page = await (await signedIn({ ...phone, colorScheme: "dark" })).newPage();
    await page.goto(`/w/${workflow}/settings`);
    await waitUntilLive(page);
    const row = page.locator(`[data-webhook="${id}"]`);
    await row.getByText("Active").waitFor();
    const button = await row.getByRole("button", { name: /^Actions for/ }).boundingBox();
    expect((button?.x ?? 0) + (button?.width ?? 999)).toBeLessThanOrEqual(390);
    await api("PATCH", `/api/webhooks/${id}`, { active: false });
    await row.getByText(/^switched off by/).waitFor();
    await checkAccessibility(page);
    await row.scrollIntoViewIfNeeded();
    await screenshot(page, "phone-webhooks");
  });
});
