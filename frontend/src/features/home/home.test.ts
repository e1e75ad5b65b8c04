import { expect, describe as group, it, vi } from "vitest";
import type { Home, HomeItem } from "@/api/types";
import { faviconFor } from "./favicon";
import { HiddenItems } from "./hidden-items";
import { keysOf, newsOf } from "./notify";
import { countOfAttention, formatCount, isYesNo, sectionsOf } from "./sections";

const NONE = { waiting: 0, failed: 0, stuck: 0, mentions: 0, finished: 0, expired: 0 };
const item = (id: string, at = "2026-01-01T00:00:00Z"): HomeItem =>
  ({ id, at, kind: "job", title: id, workflow_id: "w1", approval: null }) as HomeItem;

function homeWith(failed: HomeItem[], counted = failed.length): Home {
  const counts = { ...NONE, failed: counted };
  const workflows = [
    { workflow_id: "w1", name: "One", counts },
    { workflow_id: "w2", name: "Two", counts: NONE },
  ];
  return {
    epoch: "e",
    workflows,
    counts,
    failed,
    waiting: [],
    stuck: [],
    mentions: [],
    finished: [],
    expired: [],
  } as unknown as Home;
}

group("sections", () => {
  it("count what is not listed, without what is hidden", () => {
    const home = homeWith([item("a"), item("b")], 7);
    const failed = (workflow: string | undefined, hidden: string[]) =>
      sectionsOf(home, workflow, new Set(hidden)).find(({ name }) => name === "failed");
    expect(failed(undefined, [])).toMatchObject({ count: 7 });
    expect(failed("w1", ["a"])).toMatchObject({ count: 6, items: [item("b")] });
  });

  it("count for the tab what needs the user only", () => {
    expect(countOfAttention({ waiting: 1, failed: 2, stuck: 3, mentions: 4, finished: 50, expired: 60 })).toBe(10);
    expect([formatCount(99), formatCount(100)]).toEqual(["99", "100+"]);
  });

  it("know what is decided by yes or no", () => {
    const asked = (kind: string, options: string[]) => ({ ...item("a"), approval: { kind, options } }) as HomeItem;
    expect([asked("question", []), asked("question", ["x"]), asked("review", []), item("a")].map(isYesNo)).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });
});

group("notifications", () => {
  it("tell of what came up since the last look, and of a job that fails again", () => {
    const before = homeWith([item("a")]);
    const after = homeWith([item("a", "2026-01-02T00:00:00Z"), item("b")]);
    expect(newsOf(after, null)).toEqual([]);
    expect(newsOf(before, keysOf(before))).toEqual([]);
    expect(newsOf(after, keysOf(before)).map(({ item }) => item.id)).toEqual(["a", "b"]);
  });
});

group("the icon of the tab", () => {
  it("has a number up to 9 and a dot above", () => {
    expect(faviconFor(0)).toBe("/favicon.svg");
    expect(decodeURIComponent(faviconFor(3))).toContain(">3</text>");
    expect(decodeURIComponent(faviconFor(12))).not.toContain("<text");
  });
});

group("hidden items", () => {
  it("come back by undo, and are reported once when the page is closed", async () => {
    vi.useFakeTimers();
    const hidden = new HiddenItems();
    const send = vi.fn(async () => undefined);
    const undo = hidden.hide(["a"], send);
    hidden.hide(["b"], send);
    expect([...hidden.get()]).toEqual(["a", "b"]);
    undo();
    expect([...hidden.get()]).toEqual(["b"]);
    hidden.flush();
    hidden.flush();
    await vi.runAllTimersAsync();
    expect(send).toHaveBeenCalledTimes(1);
    expect([...hidden.get()]).toEqual([]);
    undo();
    vi.useRealTimers();
  });
});
