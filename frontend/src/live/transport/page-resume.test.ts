import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { onWaking } from "./page-resume";

describe("waking", () => {
  let visible = true;
  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(document, "visibilityState", "get").mockImplementation(() => (visible ? "visible" : "hidden"));
  });
  afterEach(() => vi.useRealTimers());
  const look = (yes: boolean) => {
    visible = yes;
    document.dispatchEvent(new Event("visibilitychange"));
  };

  it("tells a long sleep from a glance away, and hears of the network", () => {
    const told: boolean[] = [];
    const stop = onWaking((long) => told.push(long));
    look(false);
    vi.advanceTimersByTime(5_000);
    look(true);
    look(false);
    vi.advanceTimersByTime(60_000);
    look(true);
    window.dispatchEvent(new Event("online"));
    expect(told).toEqual([false, true, false]);
    stop();
    window.dispatchEvent(new Event("online"));
    expect(told).toHaveLength(3);
  });
});
