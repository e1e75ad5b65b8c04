import { describe, expect, it } from "vitest";
import { snapshot } from "@/live/testing";
import { changeOf, draftOf, freshId, mistakes, swapped, withNewColumn, withoutColumn } from "./board-draft";

const config = snapshot([]).board_config;

describe("draft", () => {
  it("that is not edited changes nothing", () => {
    const { config: change, moves } = changeOf(draftOf(config));
    expect(change.columns?.map(({ id, order, wip_limit }) => [id, order, wip_limit])).toEqual([
      ["todo", 0, null],
      ["doing", 1, null],
      ["done", 2, null],
    ]);
    expect(change.initial_status).toBe("todo");
    expect(moves).toEqual({});
  });

  it("gives new columns ids that say what they are and do not clash", () => {
    let draft = withNewColumn(withNewColumn(draftOf(config)));
    draft = { ...draft, columns: draft.columns.map((c) => (c.id ? c : { ...c, name: "Done", wip: "3" })) };
    const ids = changeOf(draft).config.columns?.map(({ id }) => id);
    expect(ids).toEqual(["todo", "doing", "done", "done_2", "done_3"]);
    expect(changeOf(draft).config.columns?.at(-1)?.wip_limit).toBe(3);
  });

  it("says where the tickets of removed columns go, through several removals", () => {
    let draft = withoutColumn(draftOf(config), "todo", "doing");
    expect(draft.initial).toBe("doing");
    draft = withoutColumn(draft, "doing", "done");
    const { config: change, moves } = changeOf(draft);
    expect(moves).toEqual({ todo: "done", doing: "done" });
    expect(change.initial_status).toBe("done");
    expect(change.columns?.map(({ id }) => id)).toEqual(["done"]);
  });

  it("names mistakes", () => {
    const draft = withNewColumn(draftOf(config));
    expect(mistakes(draft)).toEqual(["Every column needs a name."]);
    expect(mistakes({ ...draftOf(config), columns: [] })).toEqual(["A board needs a column."]);
    const [first] = draftOf(config).columns;
    expect(mistakes({ ...draft, columns: first ? [{ ...first, wip: "-1" }] : [] })[0]).toMatch(/whole number/);
  });
});

describe("freshId", () => {
  it("keeps to plain letters", () => {
    expect(freshId("In Prüfung!", new Set())).toBe("in_pru_fung");
    expect(freshId("検証", new Set(["column"]))).toBe("column_2");
  });
});

describe("swapped", () => {
  it("stays within the list", () => {
    expect(swapped(["a", "b"], 0, 1)).toEqual(["b", "a"]);
    expect(swapped(["a", "b"], 1, 1)).toEqual(["a", "b"]);
  });
});
