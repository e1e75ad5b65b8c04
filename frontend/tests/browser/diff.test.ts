import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  api,
  checkAccessibility,
  createTicket,
  createWorkflow,
  eventually,
  screenshot,
  signedIn,
  waitUntilLive,
  withBrowser,
} from "./harness";

withBrowser();

const SHA = "8f2c1d7e5b8f2c1d7e5b8f2c1d7e5b8f2c1d7e5b";
const FUNCTIONS = 2_000;

let workflow: string;
let ticket: string;
beforeAll(async () => {
  workflow = await createWorkflow("Diffs");
  ticket = (await createTicket(workflow, "Fix the login timeout")).ticket_id;
  const { key } = await api<{ key: string }>("GET", `/api/tickets/${ticket}`);
  await api("POST", "/api/internal/commits", {
    workflow_id: workflow,
    commits: [{ sha: SHA, message: `Fix the timeout, see ${key}`, author: "Mira Okafor", files_changed: 1 }],
  });
  await api("POST", "/api/tickets/link-commit", { ticket_id: ticket, commit_sha: "abcdef1234" });
});

/** A file with a change in each of its functions, longer than 12,000 lines. */
function longDiff(): string {
  const lines: string[] = [];
  for (let i = 0; i < FUNCTIONS; i++) {
    lines.push(` export function step${i}(cart: Cart): number {`, "   // Adds up what is in the cart.");
    lines.push(`-  const total = sum(cart, ${i});`, `+  const subtotal = sum(cart, ${i});`, "   return 1;", " }", " ");
  }
  const count = FUNCTIONS * 6;
  return `diff --git a/src/long.ts b/src/long.ts\n@@ -1,${count} +1,${count} @@\n${lines.join("\n")}\n`;
}

const file = (path: string, more: Record<string, unknown> = {}) => ({
  path,
  status: "modified",
  insertions: 0,
  deletions: 0,
  diff: "",
  binary: false,
  truncated: false,
  language: "text",
  ...more,
});

const commit = {
  success: true,
  commit_sha: SHA,
  message: "Fix the timeout\n\nSessions ended early.",
  commit_message: "Fix the timeout",
  author: "Mira Okafor",
  author_agent_id: "someone",
  timestamp: "2026-11-20T10:00:00Z",
  commit_timestamp: "2026-11-20T10:00:00Z",
  parents: [],
  files_changed: 5,
  total_files: 5,
  insertions: FUNCTIONS + 1,
  total_insertions: FUNCTIONS + 1,
  deletions: FUNCTIONS + 1,
  total_deletions: FUNCTIONS + 1,
  truncated: false,
  workflow_id: "w",
  files: [
    file("AAA.bin", { binary: true, status: "added" }),
    file("src/auth/session.py", {
      language: "python",
      insertions: 1,
      deletions: 1,
      diff: "@@ -10,3 +10,3 @@ class Session\n import time\n-timeout = 3600\n+timeout = 1800\n last = None\n",
    }),
    file("src/long.ts", { language: "typescript", insertions: FUNCTIONS, deletions: FUNCTIONS, diff: longDiff() }),
    file("src/new-name.ts", { status: "renamed", old_path: "src/old-name.ts", diff: "similarity index 100%\n" }),
    file("tool.sh", { diff: "old mode 100644\nnew mode 100755\n" }),
  ],
};

/** The repository is not on this server, so its answer is given here. */
async function openDiff(options: Parameters<typeof signedIn>[0] = {}, answer: unknown = commit): Promise<Page> {
  const page = await (await signedIn(options)).newPage();
  await page.route("**/api/tickets/commit-diff/**", (route) => route.fulfill({ json: answer }));
  await page.goto(`/w/${workflow}/t/${ticket}`);
  await waitUntilLive(page);
  await page.getByRole("tab", { name: /Commits/ }).click();
  await page.getByRole("button", { name: /Fix the timeout/ }).click();
  await diffOf(page).waitFor();
  return page;
}

const diffOf = (page: Page) => page.getByTestId("diff");
const header = (page: Page, name: string) => diffOf(page).locator("[data-file]", { hasText: name });
/** Keys go to the dialog once the lines have the focus. */
const focused = (page: Page) =>
  eventually("the lines have the focus", () => diffOf(page).evaluate((e) => e === document.activeElement));

describe("diff of a commit", () => {
  it("names the author of a commit, or who linked it", async () => {
    const page = await openDiff();
    await page.keyboard.press("Escape");
    await diffOf(page).waitFor({ state: "detached" });
    const drawer = page.getByRole("dialog", { name: /Fix the login timeout/ });
    await drawer.getByText("Mira Okafor").waitFor();
    await drawer.getByText("1 file", { exact: false }).waitFor();
    await drawer.getByText(/linked by/).waitFor();
  });

  it.each(["light", "dark"] as const)(
    "is highlighted by a worker, and accessible in the %s theme",
    async (colorScheme) => {
      const page = await openDiff({ colorScheme });
      await diffOf(page).locator(".code-keyword").first().waitFor();
      expect(page.workers()).toHaveLength(1);
      await diffOf(page).locator(".diff-word", { hasText: "1800" }).waitFor();
      await checkAccessibility(page);
      await page.getByRole("button", { name: "Split" }).click();
      await diffOf(page).locator(".diff-pair").first().waitFor();
      await checkAccessibility(page);
      await screenshot(page, `diff-${colorScheme}`);
    },
  );

  it("is walked through by keys", async () => {
    const page = await openDiff();
    await focused(page);
    await page.keyboard.press("j");
    await page.getByText("1 of 2,001 changes").waitFor();
    await diffOf(page).locator(".diff-current", { hasText: "timeout = 3600" }).waitFor();
    await page.keyboard.press("j");
    await page.getByText("2 of 2,001 changes").waitFor();
    await page.keyboard.press("k");
    await page.getByText("1 of 2,001 changes").waitFor();
    const tree = page.getByRole("navigation", { name: "Files of the commit" });
    await tree.locator("[aria-current]", { hasText: "session.py" }).waitFor();
    await page.keyboard.press("n");
    await tree.locator("[aria-current]", { hasText: "long.ts" }).waitFor();
    await page.keyboard.press("p");
    await tree.locator("[aria-current]", { hasText: "session.py" }).waitFor();
    await page.keyboard.press("v");
    await page.getByText("1 of 5 viewed").waitFor();
    await tree.locator("[aria-current]", { hasText: "long.ts" }).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("new-name");
    await page.keyboard.press("Enter");
    await diffOf(page).getByText("Renamed without a change.").waitFor();
    await tree.locator("[aria-current]", { hasText: "new-name.ts" }).waitFor();
    await page.keyboard.press("c");
    await diffOf(page).getByText("Renamed without a change.").waitFor({ state: "detached" });
    await page.keyboard.press("c");
    await diffOf(page).getByText("Renamed without a change.").waitFor();
    await page.getByRole("button", { name: "Collapse all" }).waitFor();
    await page.keyboard.press("u");
    await page.getByRole("button", { name: "Split", pressed: true }).waitFor();
    await page.keyboard.press("u");
    // Escape leaves the filter first, then the diff, and the ticket stays open.
    await page.keyboard.press("/");
    await page.keyboard.press("Escape");
    await focused(page);
    await page.keyboard.press("Escape");
    await diffOf(page).waitFor({ state: "detached" });
    await page.getByRole("dialog", { name: /Fix the login timeout/ }).waitFor();
    // What was viewed is known the next time, and its lines stay folded away.
    await page.getByRole("button", { name: /Fix the timeout/ }).click();
    await page.getByText("1 of 5 viewed").waitFor();
    await header(page, "session.py").and(page.locator('[aria-expanded="false"]')).waitFor();
  });

  it("draws only what is in sight of 12,000 lines", async () => {
    const page = await openDiff();
    await focused(page);
    await diffOf(page).evaluate((element) => {
      element.scrollTop = element.scrollHeight / 2;
    });
    await diffOf(page)
      .getByText(/function step1\d\d\d/)
      .first()
      .waitFor();
    expect(await diffOf(page).locator("[data-index]").count()).toBeLessThan(120);
    // The header of the file stays in sight.
    await header(page, "long.ts").waitFor();
    await page.keyboard.press("End");
    await diffOf(page).getByText("Only the mode of the file changed.").waitFor();
  });

  it("shows more lines around changes, and the rest of the file", async () => {
    const text = Array.from({ length: 300 }, (_, i) => (i === 99 ? "changed()" : `line_${i + 1}()`));
    const diff =
      "@@ -98,6 +98,6 @@ def first\n line_98()\n line_99()\n-old()\n+changed()\n line_101()\n line_102()\n line_103()\n" +
      "@@ -200,5 +200,4 @@ def second\n line_200()\n-gone()\n line_201()\n line_202()\n line_203()\n";
    const answer = { ...commit, files: [file("long.py", { language: "python", diff })] };
    const page = await openDiff({ colorScheme: "dark" }, answer);
    const asked: string[] = [];
    await page.route("**/commit-diff/*/lines?*", (route) => {
      const query = new URL(route.request().url()).searchParams;
      const [first, last] = [Number(query.get("first_line")), Number(query.get("last_line"))];
      asked.push(`${query.get("path")} ${first}-${last}`);
      const lines = text.slice(first - 1, last);
      return route.fulfill({
        json: { commit_sha: SHA, path: "long.py", first_line: first, lines, total_lines: 300, truncated: false },
      });
    });
    await focused(page);
    const lineOf = (name: string) => diffOf(page).locator(".diff-line", { hasText: name });
    // Above the first change: the 20 lines before it, then the gap is shorter.
    await page.getByRole("button", { name: "Show 20 more lines above, long.py" }).first().click();
    await lineOf("line_78()").waitFor();
    await diffOf(page).getByText("77 unchanged lines").waitFor();
    expect(await lineOf("line_77()").count()).toBe(0);
    // Between the changes: all of them, so that the two hunks become one.
    await page.getByRole("button", { name: "Show 96 unchanged lines, long.py" }).click();
    await diffOf(page).getByText("96 unchanged lines").waitFor({ state: "detached" });
    await lineOf("line_104()").waitFor();
    // Below the last change, by the key, until the file ends. The button is gone, so the lines have the focus again.
    await focused(page);
    await page.keyboard.press("End");
    await diffOf(page).getByText("97 unchanged lines").waitFor();
    await page.keyboard.press("m");
    await lineOf("line_222()").waitFor();
    await screenshot(page, "diff-more-lines");
    await page.getByRole("button", { name: "Show 77 unchanged lines, long.py" }).last().click();
    await focused(page);
    await page.keyboard.press("End");
    await lineOf("line_300()").waitFor();
    expect(await lineOf("line_300()").locator(".diff-number").allTextContents()).toEqual(["301", "300"]);
    expect(asked).toEqual(["long.py 78-97", "long.py 104-199", "long.py 204-223", "long.py 224-300"]);
    // What cannot be read is said, and can be asked for again.
    await page.route("**/commit-diff/*/lines?*", (route) => route.abort());
    await page.keyboard.press("Home");
    await page.getByRole("button", { name: "Show 20 more lines above, long.py" }).click();
    await page.getByText("The lines cannot be shown").waitFor();
    await page
      .getByRole("button", { name: "Show 20 more lines above, long.py" })
      .and(page.locator('[aria-disabled="false"]'))
      .waitFor();
  });

  it("copies the SHA and downloads a patch without binary files", async () => {
    const page = await openDiff({ permissions: ["clipboard-read", "clipboard-write"] });
    await page.getByRole("button", { name: "Copy SHA" }).click();
    await page.getByText("SHA copied").waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download patch" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("8f2c1d7e5b8f.patch");
    await page.getByText("Without 1 binary file.").waitFor();
  });

  it("says what a truncated commit lacks, and why a commit does not load", async () => {
    const [, session] = commit.files;
    const page = await openDiff(
      {},
      {
        ...commit,
        truncated: true,
        total_files: 4_000,
        files: [{ ...session, truncated: true, insertions: 500 }],
      },
    );
    await page.getByText("3,999 files of 4,000 are not listed", { exact: false }).waitFor();
    await page.getByText("Too large to show in full: 499 changed lines more.").waitFor();
    expect(await page.getByRole("button", { name: "Download patch" }).getAttribute("aria-disabled")).toBe("true");
    // A server without repositories knows no commit.
    await page.unroute("**/api/tickets/commit-diff/**");
    await page.reload();
    await page.getByRole("tab", { name: /Commits/ }).click();
    await page.getByRole("button", { name: /Fix the timeout/ }).click();
    await page.getByRole("button", { name: "Try again" }).waitFor();
    await page.getByRole("alert").waitFor();
  });

  it("fits a phone", async () => {
    const page = await openDiff({ viewport: { width: 375, height: 760 }, hasTouch: true, isMobile: true });
    await diffOf(page).locator(".code-keyword").first().waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(375);
    await checkAccessibility(page);
    await page.getByRole("button", { name: "5 files" }).click();
    await page.getByRole("button", { name: /tool.sh/ }).click();
    await diffOf(page).getByText("Only the mode of the file changed.").waitFor();
    await page.getByRole("navigation", { name: "Files of the commit" }).waitFor({ state: "detached" });
    await screenshot(page, "diff-phone");
  });
});
