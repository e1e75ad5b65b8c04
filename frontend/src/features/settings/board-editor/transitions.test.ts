import { describe, expect, it } from "vitest";
import { snapshot } from "@/live/state/testing";
import { type Draft, toDraft, withColumn } from "./draft";
import {
  allMoves,
  isAllowed,
  matrixWarnings,
  movesOf,
  presetMoves,
  selectionOf,
  withMoves,
  withRestriction,
} from "./transitions";

const start = withColumn(toDraft(snapshot([]).board_config), "done", { category: "done" });
const restricted = (...transitions: string[]): Draft => withRestriction(start, transitions);

describe("allowed moves", () => {
  it("are all of them until they are restricted", () => {
    expect(isAllowed(start, "todo", "done")).toBe(true);
    expect(allMoves(start.columns)).toHaveLength(6);
    const draft = withMoves(withRestriction(start, allMoves(start.columns)), ["todo done"], false);
    expect(isAllowed(draft, "todo", "done")).toBe(false);
    expect(isAllowed(draft, "todo", "doing")).toBe(true);
  });

  it("are set for a whole row or column", () => {
    const row = movesOf(start, "todo", "from");
    const column = movesOf(start, "done", "to");
    const draft = withMoves(restricted("doing done"), row, true);
    expect(draft.transitions).toEqual(["doing done", "todo doing", "todo done"]);
    expect(selectionOf(draft, row)).toBe("all");
    expect(selectionOf(draft, column)).toBe("all");
    expect(selectionOf(draft, movesOf(start, "doing", "from"))).toBe("some");
    expect(selectionOf(draft, movesOf(start, "todo", "to"))).toBe("none");
  });

  it("start from presets", () => {
    expect(presetMoves(start, "forward")).toEqual(["doing done", "todo doing", "todo done"]);
    expect(presetMoves(start, "neighbors")).toEqual(["doing done", "doing todo", "done doing", "todo doing"]);
    expect(presetMoves(start, "all")).toHaveLength(6);
  });
});

describe("warnings", () => {
  it("name columns that nothing can leave or reach", () => {
    expect(matrixWarnings(start)).toEqual([]);
    expect(matrixWarnings(restricted("todo doing", "doing done"))).toEqual([]);
    expect(matrixWarnings(restricted("todo done"))).toEqual(["Tickets can neither reach nor leave “doing”."]);
    expect(matrixWarnings(restricted("todo doing"))).toEqual([
      "Tickets cannot leave “doing”.",
      "No ticket can be moved to “done”.",
      "No done column can be reached, so no ticket can be completed by moving it.",
    ]);
  });

  it("follow moves from the default column, without those that reopen tickets if that is off", () => {
    const draft = restricted("todo done", "done doing", "doing done");
    expect(matrixWarnings(draft)).toEqual([]);
    expect(matrixWarnings({ ...draft, settings: { ...draft.settings, allow_reopen: false } })).toEqual([
      "No ticket can be moved to “doing”.",
    ]);
    expect(matrixWarnings({ ...restricted("doing done", "done doing", "todo doing"), initial: "doing" })).toEqual([
      "No ticket can be moved to “todo”.",
    ]);
  });
});
