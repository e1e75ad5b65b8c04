import { act, renderHook } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { type ResultStatus, useDeferredAction } from "./use-deferred-action";

describe("useDeferredAction", () => {
  const setUp = (first: ResultStatus) => {
    const runs: string[] = [];
    const { result, rerender } = renderHook(
      ({ target, status }: { target: string; status: ResultStatus }) =>
        useDeferredAction<string>({ target, status, run: (argument) => runs.push(`${argument} of ${target}`) }),
      { initialProps: { target: "a", status: first } },
    );
    const request = (argument: string) => act(() => result.current.request(argument));
    return { runs, result, rerender, request };
  };

  it("runs at once on results, and once", () => {
    const { runs, rerender, request } = setUp("ready");
    request("first");
    rerender({ target: "a", status: "loading" });
    rerender({ target: "a", status: "ready" });
    expect(runs).toEqual(["first of a"]);
  });

  it("waits for results, and takes the latest request", () => {
    const { runs, result, rerender, request } = setUp("loading");
    request("first");
    request("second");
    expect([runs, result.current.waiting]).toEqual([[], true]);
    rerender({ target: "a", status: "ready" });
    expect([runs, result.current.waiting]).toEqual([["second of a"], false]);
    rerender({ target: "a", status: "ready" });
    expect(runs).toHaveLength(1);
  });

  it.each([
    ["another input", { target: "b", status: "ready" }],
    ["another input that is still loading", { target: "b", status: "loading" }],
    ["failed results", { target: "a", status: "failed" }],
  ] as const)("is cancelled by %s", (_, props) => {
    const { runs, result, rerender, request } = setUp("loading");
    request("first");
    rerender(props);
    expect(result.current.waiting).toBe(false);
    rerender({ target: "a", status: "ready" });
    expect(runs).toEqual([]);
  });

  it("is cancelled on request", () => {
    const { runs, result, rerender, request } = setUp("loading");
    request("first");
    act(() => result.current.cancel());
    rerender({ target: "a", status: "ready" });
    expect(runs).toEqual([]);
  });

  it("does not run on results that failed", () => {
    const { runs, result, request } = setUp("failed");
    request("first");
    expect([runs, result.current.waiting]).toEqual([[], false]);
  });
});
