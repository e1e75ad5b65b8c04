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

/** An address outside, as far as the server can tell: it notes what comes, and answers as told. */
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

describe("webhooks", () => {
  it("are made, tried, stopped, taken up again and deleted by owners", async () => {
    const workflow = await createWorkflow("Told outside");
    const ticket = await createTicket(workflow, "Watched from outside");
    const page = await (await signedIn()).newPage();
    await page.goto(`/w/${workflow}/settings`);
    await waitUntilLive(page);
    const section = page.getByRole("region", { name: "Webhooks" });
    await section.getByText("Nobody outside is told anything yet.").waitFor();

    await section.getByRole("button", { name: "Add webhook" }).click();
    const dialog = page.getByRole("dialog", { name: "New webhook" });
    await dialog.getByLabel("Address").fill("ftp://example.org");
    await dialog.getByRole("button", { name: "Create webhook" }).click();
    await dialog.getByText(/^The address must/).waitFor();
    await dialog.getByLabel("Address").fill(receiverUrl);
    await dialog.getByLabel("Only these types").check();
    expect(await dialog.getByRole("button", { name: "Create webhook" }).isDisabled()).toBe(true);
    await dialog.getByLabel("status_changed").check();
    await checkAccessibility(page);
    await screenshot(page, "webhook-dialog");
    await dialog.getByRole("button", { name: "Create webhook" }).click();
    const secret = await page.getByLabel("The secret").inputValue();
    expect(secret).toMatch(/^whsec_/);
    await page.getByRole("button", { name: "Done" }).click();
    const row = section.getByRole("listitem").filter({ hasText: receiverUrl }).first();
    await row.getByText("Active").waitFor();
    await row.getByText("Only status_changed").waitFor();

    await row.getByRole("button", { name: /^Test/ }).click();
    await page.getByText("The test was taken").waitFor();
    await moveTicket(ticket.ticket_id, "in_progress");
    await eventually("the move is told", async () => types().includes("status_changed"));
    expect(types()).toEqual(["webhook_test", "status_changed"]);
    expect(deliveries.every((one) => isSigned(one, secret))).toBe(true);
    await row.getByRole("button", { name: /^Log/ }).click();
    const log = row.getByRole("list", { name: "Log" });
    await log.getByText("status_changed").waitFor();
    await log.getByText("webhook_test").waitFor();

    await row.getByRole("button", { name: /^Stop/ }).click();
    await row.getByText(/^switched off by/).waitFor();
    await moveTicket(ticket.ticket_id, "review");
    await row.getByText(/behind$/).waitFor();
    expect(deliveries).toHaveLength(2);
    await checkAccessibility(page);
    await screenshot(page, "webhooks");
    await row.getByRole("button", { name: /^Resume/ }).click();
    await row.getByText("Active").waitFor();
    await eventually("what happened meanwhile is told", async () => deliveries.length === 3);

    // A receiver that says it is gone is not called any more, and its owners see why.
    responseStatus = 410;
    await moveTicket(ticket.ticket_id, "testing");
    await row.getByText(/gone \(410\)/).waitFor();
    await log.getByRole("img", { name: "Not taken" }).first().waitFor();
    responseStatus = 204;
    await row.getByRole("button", { name: /^Resume/ }).click();
    await eventually("it is told at last", async () => deliveries.length === 5);

    await row.getByRole("button", { name: /^More/ }).click();
    await page.getByRole("menuitem", { name: "Change…" }).click();
    const change = page.getByRole("dialog", { name: "Change the webhook" });
    await change.getByLabel("Every event").check();
    await change.getByRole("button", { name: "Save" }).click();
    await row.getByText("Every event").waitFor();
    await row.getByRole("button", { name: /^More/ }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByRole("button", { name: "Delete the webhook" }).click();
    await section.getByText("Nobody outside is told anything yet.").waitFor();
    expect(await api("GET", `/api/webhooks?workflow_id=${workflow}`)).toEqual({ webhooks: [] });
  });

  it("fit a phone, and follow what others change", async () => {
    const workflow = await createWorkflow("Told from a phone");
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
    const button = await row.getByRole("button", { name: /^More/ }).boundingBox();
    expect((button?.x ?? 0) + (button?.width ?? 999)).toBeLessThanOrEqual(390);
    await api("PATCH", `/api/webhooks/${id}`, { active: false });
    await row.getByText(/^switched off by/).waitFor();
    await checkAccessibility(page);
    await row.scrollIntoViewIfNeeded();
    await screenshot(page, "phone-webhooks");
  });
});
