import { describe, it } from "vitest";
import { createWorkflow, signedIn, waitUntilLive, withBrowser } from "./harness";

withBrowser();

/** Removes the APIs that browsers offer only in secure contexts, as for a server in a local network without TLS. */
function removeSecureContextApis(): void {
  for (const [owner, name] of [
    [Navigator.prototype, "clipboard"],
    [Navigator.prototype, "locks"],
    [Crypto.prototype, "randomUUID"],
  ] as const) {
    Object.defineProperty(owner, name, { value: undefined, configurable: true });
  }
}

describe("plain HTTP", () => {
  it("supports creating tickets and jobs, and copying links and secrets", async () => {
    const workflow = await createWorkflow("Plain");
    const context = await signedIn();
    await context.addInitScript(removeSecureContextApis);
    const page = await context.newPage();
    await page.goto(`/w/${workflow}`);
    await waitUntilLive(page);
    await page.keyboard.press("n");
    const dialog = page.getByRole("dialog", { name: "New ticket" });
    await dialog.getByLabel("Title").fill("Made over plain HTTP");
    await dialog.getByLabel("Description").fill("It has to work there too.");
    await dialog.getByRole("button", { name: "Create ticket" }).click();
    await page.getByRole("button", { name: "View ticket", exact: true }).click();
    const drawer = page.getByRole("dialog", { name: /Made over plain HTTP/ });
    await drawer.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: "Copy link" }).click();
    await page.getByText("Link copied").waitFor();
    await drawer.getByRole("button", { name: "New job" }).click();
    await page.getByLabel("Prompt").fill("Do it.");
    await page.getByRole("button", { name: "Queue job" }).click();
    await drawer.getByRole("region", { name: "Jobs" }).getByText("Queued").waitFor();

    await page.goto(`/w/${workflow}/agents/new`);
    await page.getByLabel("Agent name").fill("Copied over HTTP");
    await page.getByRole("button", { name: "Create key" }).click();
    await page.getByRole("button", { name: "Copy", exact: true }).click();
    await page.getByText("Copied", { exact: true }).first().waitFor();
    await page.goto(`/w/${workflow}/settings/board`);
    await page.getByRole("button", { name: "Add column" }).click();
    await page.getByRole("button", { name: "Save board" }).click();
    await page
      .getByText(/needs a name\.$/)
      .first()
      .waitFor();
  });
});
