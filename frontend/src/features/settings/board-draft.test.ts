import { describe, expect, it } from "vitest";
import { snapshot } from "@/live/testing";
import {
  swapped,
  toBoardChange,
  toDraft,
  uniqueColumnId,
  validationErrors,
  withNewColumn,
  withoutColumn,
} from "./board-draft";

const config = snapshot([]).board_config;

describe("draft", () => {
  it("that is not edited changes nothing", () => {
    const { config: change, moves } = toBoardChange(toDraft(config));
    expect(change.columns?.map(({ id, order, wip_limit }) => [id, order, wip_limit])).toEqual([
      ["todo", 0, null],
      ["doing", 1, null],
      ["done", 2, null],
    ]);
    expect(change.initial_status).toBe("todo");
    expect(moves).toEqual({});
  });

  it("gives new columns ids that say what they are and do not clash", () => {
    let draft = withNewColumn(withNewColumn(toDraft(config)));
    draft = { ...draft, columns: draft.columns.map((c) => (c.id ? c : { ...c, name: "Done", wip: "3" })) };
    const ids = toBoardChange(draft).config.columns?.map(({ id }) => id);
    expect(ids).toEqual(["todo", "doing", "done", "done_2", "done_3"]);
    expect(toBoardChange(draft).config.columns?.at(-1)?.wip_limit).toBe(3);
  });

  it("says where the tickets of removed columns go, through several removals", () => {
    let draft = withoutColumn(toDraft(config), "todo", "doing");
    expect(draft.initial).toBe("doing");
    draft = withoutColumn(draft, "doing", "done");
    const { config: change, moves } = toBoardChange(draft);
    expect(moves).toEqual({ todo: "done", doing: "done" });
    expect(change.initial_status).toBe("done");
    expect(change.columns?.map(({ id }) => id)).toEqual(["done"]);
  });

  it("names mistakes", () => {
    const draft = withNewColumn(toDraft(config));
    expect(validationErrors(draft)).toEqual(["Every column needs a name."]);
    expect(validationErrors({ ...toDraft(config), columns: [] })).toEqual(["A board needs a column."]);
    const [first] = toDraft(config).columns;
    expect(validationErrors({ ...draft, columns: first ? [{ ...first, wip: "-1" }] : [] })[0]).toMatch(/whole number/);
  });
});

describe("freshId", () => {
  it("keeps to plain letters", () => {
    expect(uniqueColumnId("In Prüfung!", new Set())).toBe("in_pru_fung");
    expect(uniqueColumnId("検証", new Set(["column"]))).toBe("column_2");
  });
});

describe("swapped", () => {
  it("stays within the list", () => {
    expect(swapped(["a", "b"], 0, 1)).toEqual(["b", "a"]);
    expect(swapped(["a", "b"], 1, 1)).toEqual(["a", "b"]);
  });
});
