import { afterEach, beforeEach, expect, it, vi } from "vitest";

// Here and afterwards, a module that shows messages nowhere yet: files share their modules.
beforeEach(() => void vi.resetModules());
afterEach(() => void vi.resetModules());

it("messages wait in order for what shows them", async () => {
  const { onWaitingToast, showToastsWith, toast } = await import("./toast");
  const waits = vi.fn();
  onWaitingToast(waits);
  toast.error("First", { id: "a" });
  toast.dismiss("a");
  toast("Second");
  expect(waits).toHaveBeenCalledTimes(3);
  const seen: string[] = [];
  const record = (kind: string) => (title: unknown) => seen.push(`${kind} ${String(title)}`);
  const shown = { error: record("error"), message: record("message"), dismiss: record("dismiss") };
  showToastsWith(shown as unknown as Parameters<typeof showToastsWith>[0]);
  toast.error("Third");
  expect(seen).toEqual(["error First", "dismiss a", "message Second", "error Third"]);
});
