/** A page that is cut off from the server says so, and goes on when it is back. */
import type { Page, WebSocketRoute } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  card,
  cardIn,
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

let workflow: string;
let ticket: { ticket_id: string; key: string };
beforeAll(async () => {
  workflow = await createWorkflow("Cut off");
  ticket = await createTicket(workflow, "Seen before");
});

interface Line {
  page: Page;
  cut: () => Promise<void>;
  /** Drops the socket, which may connect again at once. */
  drop: () => Promise<void>;
  mend: () => Promise<void>;
}

/** A board whose connections the test can cut, as a server that is gone does. */
async function openWithLine(options: Parameters<typeof signedIn>[0] = {}): Promise<Line> {
  const page = await (await signedIn(options)).newPage();
  const sockets = new Set<WebSocketRoute>();
  let isCut = false;
  await page.routeWebSocket(/\/ws$/, (socket) => {
    if (isCut) {
      void socket.close({ code: 1011 });
      return;
    }
    socket.connectToServer();
    sockets.add(socket);
  });
  await page.route("**/api/**", (route) => (isCut ? route.abort("connectionrefused") : route.continue()));
  const drop = async () => {
    for (const socket of sockets) await socket.close({ code: 1011 });
    sockets.clear();
  };
  await page.goto(`/w/${workflow}`);
  await waitUntilLive(page);
  await card(page, ticket.ticket_id).waitFor();
  return {
    page,
    drop,
    cut: async () => {
      isCut = true;
      await drop();
    },
    mend: async () => {
      isCut = false;
    },
  };
}

const banner = (page: Page) => page.getByTestId("outage");

describe("a page without a server", () => {
  it("says as of when it is, keeps what cannot be sent, and goes on when the server is back", async () => {
    const { page, cut, mend } = await openWithLine();
    await cut();
    await banner(page)
      .getByText(/^As of \d{1,2}:\d\d.* – reconnecting…$/)
      .waitFor();
    await page
      .getByTestId("live-status")
      .getByText(/^As of/)
      .waitFor();
    await page
      .getByTestId("announcer")
      .getByText(/^Connection lost\. The page shows the state of/)
      .waitFor();
    await moveTicket(ticket.ticket_id, "in_progress");

    await page.keyboard.press("n");
    const dialog = page.getByRole("dialog", { name: "New ticket" });
    await dialog.getByLabel("Title").fill("Written without a connection");
    await dialog.getByLabel("Description").fill("Enough words to be accepted");
    await dialog.getByRole("button", { name: "Create ticket" }).click();
    await dialog.getByRole("alert").waitFor();
    expect(await dialog.getByLabel("Title").inputValue()).toBe("Written without a connection");
    await page.keyboard.press("Escape");

    await card(page, ticket.ticket_id).getByRole("link").click();
    const drawer = page.locator("[data-drawer]");
    await drawer.getByText("Offline. This loads once the connection is back.").waitFor();
    await drawer.getByRole("button", { name: "Retry" }).waitFor();
    expect(await page.locator(".animate-spin").count()).toBe(0);
    await screenshot(page, "offline-ticket");

    await mend();
    await banner(page).getByRole("button", { name: "Retry now" }).click();
    await banner(page).waitFor({ state: "detached" });
    await page.getByTestId("announcer").getByText("Connected again.").waitFor();
    await drawer.getByRole("button", { name: "Seen before" }).waitFor();
    await page.keyboard.press("Escape");
    await cardIn(page, "in_progress", ticket.ticket_id).waitFor();
    await page.keyboard.press("n");
    expect(await dialog.getByLabel("Title").inputValue()).toBe("Written without a connection");
    await dialog.getByRole("button", { name: "Create ticket" }).click();
    await dialog.waitFor({ state: "detached" });
  });

  it("says nothing of a short interruption", async () => {
    const { page, drop } = await openWithLine();
    await page.evaluate(() => {
      new MutationObserver(() => {
        const shown = document.querySelector('[data-testid="outage"]');
        const label = document.querySelector('[data-testid="live-status"]')?.textContent;
        if (shown || label !== "Live") document.body.dataset.flickered = label ?? "outage";
      }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
    });
    const status = page.getByTestId("live-status");
    await drop();
    await eventually("the socket is lost", async () => (await status.getAttribute("data-status")) !== "live");
    await waitUntilLive(page);
    expect(await page.evaluate(() => document.body.dataset.flickered)).toBeUndefined();
  });

  it("waits on a page without streams as well", async () => {
    const { page, cut, mend } = await openWithLine();
    await page.goto("/account");
    await page.getByRole("heading", { name: "API keys" }).waitFor();
    await cut();
    await page.evaluate(() => window.dispatchEvent(new Event("offline")));
    await banner(page).waitFor();
    await mend();
    await banner(page).waitFor({ state: "detached" });
  });
});

describe("a browser without a network", () => {
  it("says so, and opens a ticket once it is back", async () => {
    const { page } = await openWithLine();
    await page.context().setOffline(true);
    await banner(page).waitFor();
    await card(page, ticket.ticket_id).getByRole("link").click();
    await page.getByText("Offline. This loads once the connection is back.").waitFor();
    await page.context().setOffline(false);
    await page.locator("[data-drawer]").getByRole("button", { name: "Seen before" }).waitFor();
    await banner(page).waitFor({ state: "detached" });
  });

  it("fetches a part of the page once it is back", async () => {
    const page = await (await signedIn()).newPage();
    let offline = true;
    await page.route(/assets\/(drawer|ticket-drawer)-.*\.js$/, (route) =>
      offline ? route.abort("internetdisconnected") : route.continue(),
    );
    await page.goto(`/w/${workflow}`);
    await waitUntilLive(page);
    await card(page, ticket.ticket_id).getByRole("link").click();
    await page.getByText("A part of the page could not be loaded").waitFor();
    offline = false;
    await page.locator("[data-drawer]").getByRole("button", { name: "Seen before" }).waitFor();
  });
});

for (const colorScheme of ["light", "dark"] as const) {
  it(`is accessible in the ${colorScheme} theme and on a phone`, async () => {
    const { page, cut } = await openWithLine({ colorScheme });
    await cut();
    await banner(page).waitFor();
    await checkAccessibility(page);
    await screenshot(page, `offline-${colorScheme}`);
    await page.setViewportSize({ width: 375, height: 800 });
    await checkAccessibility(page);
    await screenshot(page, `offline-phone-${colorScheme}`);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(375);
  });
}
