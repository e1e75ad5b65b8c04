import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { onPageResume } from "./page-resume";

describe("onPageResume", () => {
  let visible = true;
  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(document, "visibilityState", "get").mockImplementation(() => (visible ? "visible" : "hidden"));
  });
  afterEach(() => vi.useRealTimers());
  const setVisible = (next: boolean) => {
    visible = next;
    document.dispatchEvent(new Event("visibilitychange"));
  };

  it("distinguishes a long suspension from a short one, and reports network changes", () => {
    const calls: boolean[] = [];
    const stop = onPageResume((suspended) => calls.push(suspended));
    setVisible(false);
    vi.advanceTimersByTime(5_000);
    setVisible(true);
    setVisible(false);
    vi.advanceTimersByTime(60_000);
    setVisible(true);
    window.dispatchEvent(new Event("online"));
    expect(calls).toEqual([false, true, false]);
    stop();
    window.dispatchEvent(new Event("online"));
    expect(calls).toHaveLength(3);
  });
});
