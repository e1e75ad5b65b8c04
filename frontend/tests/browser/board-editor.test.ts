/** The board editor: columns, allowed moves, files, and what others save meanwhile. */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import {
  api,
  cardIn,
  checkAccessibility,
  createTicket,
  createWorkflow,
  openBoard,
  screenshot,
  signedIn,
  waitUntilLive,
  withBrowser,
} from "./harness";

withBrowser();

interface Config {
  name: string;
  columns: Array<{ id: string; name: string; wip_limit: number | null }>;
  transitions: Array<{ from: string; to: string }>;
}
const configOf = async (id: string) =>
  (await api<{ board_config: Config }>("GET", `/api/workflows/${id}`)).board_config;

async function openEditor(workflow: string, options = {}): Promise<Page> {
  const page = await (await signedIn(options)).newPage();
  await page.goto(`/w/${workflow}/settings/board`);
  await waitUntilLive(page);
  return page;
}

async function save(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Save board" }).click();
  await page.getByText("Board saved").waitFor();
}

describe("the board editor", () => {
  it("changes columns on open boards, and says where tickets go", async () => {
    const workflow = await createWorkflow("Columns");
    const ticket = await createTicket(workflow, "Goes along", { initial_status: "testing" });
    const watching = await openBoard(workflow);
    await cardIn(watching, "testing", ticket.ticket_id).waitFor({ state: "attached" });

    const page = await openEditor(workflow);
    const preview = page.getByTestId("board-preview");
    await page.getByLabel("Name of column 3").fill("Doing");
    await page.getByLabel("WIP limit of Doing").fill("2");
    await page.getByRole("button", { name: "Actions for Testing" }).click();
    await page.getByRole("menuitem", { name: "Delete column" }).click();
    await page.getByText("It has 1 ticket, which move").waitFor();
    await page.getByLabel("Move tickets to").selectOption({ label: "Doing" });
    await page.getByRole("button", { name: "Delete column" }).click();
    await preview.getByText("Goes along").waitFor();
    await page.getByRole("button", { name: "Add column" }).click();
    await page.getByRole("button", { name: "Save board" }).click();
    await page.getByText("Every column needs a name.").first().waitFor();
    await page.keyboard.type("On ice");
    await preview.getByText("On ice", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Move On ice" }).press("ArrowUp");
    await page.getByLabel("Name of column 5").and(page.locator('[value="On ice"]')).waitFor();
    await save(page);

    await watching.getByRole("heading", { name: "On ice" }).waitFor();
    await cardIn(watching, "in_progress", ticket.ticket_id).waitFor();
    await watching.getByTestId("count-in_progress").getByText("/ 2").waitFor();
    const { columns } = await configOf(workflow);
    expect(columns.map(({ id, name }) => `${id}=${name}`).slice(-2)).toEqual(["on_ice=On ice", "done=Done"]);
    expect(columns.find(({ id }) => id === "in_progress")).toMatchObject({ name: "Doing", wip_limit: 2 });
    expect(columns.some(({ id }) => id === "testing")).toBe(false);
  });

  it("restricts moves by keyboard, and takes the board as a file to another one", async () => {
    const [workflow, other] = await Promise.all([createWorkflow("Moves"), createWorkflow("Imported")]);
    const page = await openEditor(workflow, { colorScheme: "dark" });
    await page.getByRole("switch", { name: "Restrict moves" }).click();
    await page.getByRole("checkbox", { name: "Every move from Done" }).uncheck();
    await page.getByRole("checkbox", { name: "Backlog to To Do" }).focus();
    // The first space completes a column that is partly checked, the second one clears it.
    for (const key of ["ArrowUp", "ArrowRight", "Space", "Space"]) await page.keyboard.press(key);
    const warnings = page.getByRole("list", { name: "Warnings about transitions" });
    await warnings.getByText("No ticket can be moved to “In Progress”.").waitFor();
    await checkAccessibility(page);
    await screenshot(page, "board-editor-dark");
    await save(page);
    const { transitions } = await configOf(workflow);
    expect(transitions).toHaveLength(21);
    expect(transitions.some(({ from, to }) => from === "done" || to === "in_progress")).toBe(false);

    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Export" }).click();
    const file = JSON.parse(readFileSync(await (await download).path(), "utf8"));
    file.board_config.columns[0].name = "Ideas";

    const target = await openEditor(other, { viewport: { width: 375, height: 760 }, colorScheme: "light" });
    const importFile = (content: unknown) =>
      target.getByLabel("Board file to import").setInputFiles({
        name: "moves.board.json",
        mimeType: "application/json",
        buffer: Buffer.from(JSON.stringify(content)),
      });
    await importFile({ columns: [{ id: "not an id" }] });
    await target.getByText("board_config.columns[0].id").waitFor();
    await target.getByText("Close", { exact: true }).click();
    await importFile(file);
    const summary = target.getByRole("dialog", { name: "Import moves.board.json" });
    await summary.getByText("Rename “Backlog” to “Ideas”").waitFor();
    await summary.getByText("Allow 21 moves").waitFor();
    await summary.getByRole("button", { name: "Use in draft" }).click();
    await target.getByRole("button", { name: "Ideas To 4 of 5" }).click();
    await target.getByRole("checkbox", { name: "Ideas to Done" }).uncheck();
    await checkAccessibility(target);
    await screenshot(target, "board-editor-phone");
    expect(await target.locator("[data-scroll]").evaluate((page) => page.scrollWidth)).toBeLessThanOrEqual(375);
    expect((await configOf(other)).transitions).toEqual([]);
    await save(target);
    expect(await configOf(other)).toMatchObject({ columns: [{ id: "backlog", name: "Ideas" }, {}, {}, {}, {}, {}] });
    expect((await configOf(other)).transitions).toHaveLength(20);
  });

  it("keeps a draft when it is left, and merges it with what was saved meanwhile", async () => {
    const workflow = await createWorkflow("Two owners");
    const page = await openEditor(workflow);
    await page.getByLabel("Name of column 1").fill("Ideas");
    await page.getByRole("link", { name: "Back to settings" }).click();
    const question = page.getByRole("dialog", { name: "Leave without saving?" });
    await question.getByRole("button", { name: "Stay" }).click();
    expect(await page.getByLabel("Name of column 1").inputValue()).toBe("Ideas");
    await page.getByRole("link", { name: "Back to settings" }).click();
    await question.getByRole("button", { name: "Keep draft and leave" }).click();
    await page.getByText(/^You have unsaved changes from/).waitFor();

    const { columns } = await configOf(workflow);
    await api("PUT", `/api/workflows/${workflow}/board`, {
      board_config: {
        columns: [...columns.map(({ id, name }) => ({ id, name: id === "todo" ? "Next" : name })), { id: "live" }],
      },
    });
    await page.getByRole("link", { name: "Edit board" }).click();
    await page.getByText(/^Unsaved changes from/).waitFor();
    await page.getByRole("button", { name: "Save board" }).click();
    const conflict = page.getByRole("dialog", { name: "The board has changed" });
    await conflict.getByText("Add column “live”").waitFor();
    await conflict.getByText("Rename “Backlog” to “Ideas”").waitFor();
    await checkAccessibility(page);
    await conflict.getByRole("button", { name: "Merge" }).click();
    await page.getByRole("region", { name: "Unsaved changes" }).getByText("1 change").waitFor();
    await save(page);
    const names = (await configOf(workflow)).columns.map(({ name }) => name);
    expect(names).toEqual(["Ideas", "Next", "In Progress", "Code Review", "Testing", "Done", "live"]);
    // Nothing is left to ask about.
    await page.getByRole("link", { name: "Back to settings" }).click();
    await page.getByRole("link", { name: "Edit board" }).waitFor();
  });

  it("does not overwrite a board that is saved while it saves", async () => {
    const workflow = await createWorkflow("Two saves at once");
    const page = await openEditor(workflow);
    await page.getByLabel("Name of column 1").fill("Ideas");
    const { columns } = await configOf(workflow);
    const theirs = columns.map(({ id, name }) => ({ id, name: id === "todo" ? "Next" : name }));
    // Between the editor's look at the board and its save.
    await page.route(
      `**/api/workflows/${workflow}/board`,
      async (route) => {
        await api("PUT", `/api/workflows/${workflow}/board`, { board_config: { columns: theirs } });
        await route.continue();
      },
      { times: 1 },
    );
    await page.getByRole("button", { name: "Save board" }).click();
    const conflict = page.getByRole("dialog", { name: "The board has changed" });
    await conflict.getByText("Rename “To Do” to “Next”").waitFor();
    await conflict.getByRole("button", { name: "Merge" }).click();
    await save(page);
    expect((await configOf(workflow)).columns.map(({ name }) => name).slice(0, 2)).toEqual(["Ideas", "Next"]);
  });
});
