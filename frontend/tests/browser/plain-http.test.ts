import { describe, it } from "vitest";
import { createWorkflow, signedIn, waitUntilLive, withBrowser } from "./harness";

withBrowser();

/** What browsers withhold from pages that came without encryption, which is how a server in a local network is reached. */
function withhold(): void {
  for (const [owner, name] of [
    [Navigator.prototype, "clipboard"],
    [Navigator.prototype, "locks"],
    [Crypto.prototype, "randomUUID"],
  ] as const) {
    Object.defineProperty(owner, name, { value: undefined, configurable: true });
  }
}

describe("without encryption", () => {
  it("tickets and jobs are made, and links and secrets copied", async () => {
    const workflow = await createWorkflow("Plain");
    const context = await signedIn();
    await context.addInitScript(withhold);
    const page = await context.newPage();
    await page.goto(`/w/${workflow}`);
    await waitUntilLive(page);
    await page.keyboard.press("n");
    const dialog = page.getByRole("dialog", { name: "New ticket" });
    await dialog.getByLabel("Title").fill("Made over plain HTTP");
    await dialog.getByLabel("Description").fill("It has to work there too.");
    await dialog.getByRole("button", { name: "Create ticket" }).click();
    await page.getByRole("button", { name: "Open", exact: true }).click();
    const drawer = page.getByRole("dialog", { name: /Made over plain HTTP/ });
    await drawer.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: "Copy link" }).click();
    await page.getByText("Link copied").waitFor();
    await drawer.getByRole("button", { name: "Start a job" }).click();
    await page.getByLabel("What is to be done").fill("Do it.");
    await page.getByRole("button", { name: "Queue job" }).click();
    await drawer.getByRole("region", { name: "Jobs" }).getByText("Queued").waitFor();

    await page.goto(`/w/${workflow}/settings`);
    await page.getByLabel("Name of the new agent").fill("Copied");
    await page.getByRole("button", { name: "Add agent" }).click();
    await page.getByRole("dialog", { name: "The agent's key" }).getByRole("button", { name: "Copy" }).click();
    await page.getByText("Copied", { exact: true }).first().waitFor();
    await page.getByRole("button", { name: "Done" }).click();
    await page.getByRole("button", { name: "Add column" }).click();
    await page.getByText("Every column needs a name.").waitFor();
  });
});
