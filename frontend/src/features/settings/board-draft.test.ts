import { describe, expect, it } from "vitest";
import { snapshot } from "@/live/state/testing";
import {
  swapped,
  toBoardChange,
  toDraft,
  uniqueId,
  validationErrors,
  withNewColumn,
  withoutColumn,
} from "./board-draft";

const config = snapshot([]).board_config;

describe("board draft", () => {
  it("produces no changes without edits", () => {
    const { config: change, moves } = toBoardChange(toDraft(config));
    expect(change.columns?.map(({ id, order, wip_limit }) => [id, order, wip_limit])).toEqual([
      ["todo", 0, null],
      ["doing", 1, null],
      ["done", 2, null],
    ]);
    expect(change.initial_status).toBe("todo");
    expect(moves).toEqual({});
  });

  it("derives unique ids for new columns from their names", () => {
    let draft = withNewColumn(withNewColumn(toDraft(config)));
    draft = { ...draft, columns: draft.columns.map((c) => (c.id ? c : { ...c, name: "Done", wip: "3" })) };
    const ids = toBoardChange(draft).config.columns?.map(({ id }) => id);
    expect(ids).toEqual(["todo", "doing", "done", "done_2", "done_3"]);
    expect(toBoardChange(draft).config.columns?.at(-1)?.wip_limit).toBe(3);
  });

  it("maps tickets of removed columns to their target across several removals", () => {
    let draft = withoutColumn(toDraft(config), "todo", "doing");
    expect(draft.initial).toBe("doing");
    draft = withoutColumn(draft, "doing", "done");
    const { config: change, moves } = toBoardChange(draft);
    expect(moves).toEqual({ todo: "done", doing: "done" });
    expect(change.initial_status).toBe("done");
    expect(change.columns?.map(({ id }) => id)).toEqual(["done"]);
  });

  it("lists validation errors", () => {
    const draft = withNewColumn(toDraft(config));
    expect(validationErrors(draft)).toEqual(["Every column needs a name."]);
    expect(validationErrors({ ...toDraft(config), columns: [] })).toEqual(["A board needs at least one column."]);
    const [first] = toDraft(config).columns;
    expect(validationErrors({ ...draft, columns: first ? [{ ...first, wip: "-1" }] : [] })[0]).toMatch(/whole number/);
  });
});

describe("uniqueId", () => {
  it("uses ASCII letters only", () => {
    expect(uniqueId("In Prüfung!", new Set())).toBe("in_pru_fung");
    expect(uniqueId("検証", new Set(["column"]))).toBe("column_2");
  });
});

describe("swapped", () => {
  it("does nothing at the ends of the list", () => {
    expect(swapped(["a", "b"], 0, 1)).toEqual(["b", "a"]);
    expect(swapped(["a", "b"], 1, 1)).toEqual(["a", "b"]);
  });
});
