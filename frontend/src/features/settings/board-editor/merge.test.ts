import { describe, expect, it } from "vitest";
import { snapshot } from "@/live/state/testing";
import { withTargets } from "./board-plan";
import { type Draft, moved, toDraft, withColumn, withNewColumn, withoutColumn } from "./draft";
import { mergeDrafts } from "./merge";
import { withRestriction } from "./transitions";

const base = toDraft(snapshot([]).board_config);
const names = ({ columns }: Draft) => columns.map(({ name }) => name);
const added = (draft: Draft, name: string): Draft => {
  const next = withNewColumn(draft);
  const column = next.columns.at(-1);
  return column ? withColumn(next, column.key, { name }) : next;
};
/** What the server has after a draft was saved: every column has an id. */
const savedAs = (draft: Draft): Draft => ({
  ...draft,
  columns: draft.columns.map((column) => (column.id ? column : { ...column, id: column.name, key: column.name })),
  moves: {},
});

describe("merging a draft with what was saved meanwhile", () => {
  it("takes the changes of both", () => {
    const mine = withColumn(base, "doing", { name: "In progress" });
    const saved = savedAs(added({ ...withColumn(base, "doing", { wip: "4" }), name: "Theirs" }, "review"));
    const { draft, conflicts } = mergeDrafts(base, mine, saved);
    expect(conflicts).toEqual([]);
    expect(names(draft)).toEqual(["todo", "In progress", "done", "review"]);
    expect(draft.columns[1]).toMatchObject({ wip: "4" });
    expect(draft.name).toBe("Theirs");
  });

  it("keeps the draft's version of what both changed, and says so", () => {
    const mine = withColumn(base, "doing", { name: "Mine" });
    const { draft, conflicts } = mergeDrafts(base, mine, withColumn(base, "doing", { name: "Theirs" }));
    expect(names(draft)).toEqual(["todo", "Mine", "done"]);
    expect(conflicts).toEqual(["column “Theirs”"]);
    expect(mergeDrafts(base, mine, mine).conflicts).toEqual([]);
  });

  it("removes what either removed, unless the draft changed it", () => {
    const saved = savedAs(withoutColumn(base, "doing", "todo"));
    expect(names(mergeDrafts(base, withColumn(base, "todo", { wip: "1" }), saved).draft)).toEqual(["todo", "done"]);
    const changed = mergeDrafts(base, withColumn(base, "doing", { wip: "1" }), saved);
    expect(names(changed.draft)).toEqual(["todo", "doing", "done"]);
    expect(changed.conflicts).toEqual(["column “doing”"]);
    // The tickets of the column that the draft removes go to one that is still there.
    const both = mergeDrafts(base, withoutColumn(base, "todo", "doing"), saved).draft;
    expect(names(both)).toEqual(["done"]);
    expect(both).toMatchObject({ moves: { todo: "done" }, initial: "done" });
  });

  it("keeps the draft's order if it has one, and puts other columns beside their neighbours", () => {
    const mine = { ...base, columns: moved(base.columns, 2, 0) };
    const saved = savedAs(added(base, "archive"));
    expect(names(mergeDrafts(base, mine, saved).draft)).toEqual(["done", "archive", "todo", "doing"]);
    expect(names(mergeDrafts(base, added(base, "new"), { ...base, columns: moved(base.columns, 2, 0) }).draft)).toEqual(
      ["done", "new", "todo", "doing"],
    );
  });

  it("says where tickets go when the draft undoes what was added", () => {
    const saved = savedAs(added(base, "review"));
    expect(withTargets(base, saved).moves).toEqual({ review: "todo" });
    const renamed = { ...base, columns: base.columns.map((c) => (c.id === "done" ? { ...c, id: "shipped" } : c)) };
    expect(withTargets(base, renamed).moves).toEqual({ shipped: "done" });
    expect(withTargets(base, base)).toBe(base);
  });

  it("joins allowed moves one by one", () => {
    const before = withRestriction(base, ["todo doing", "doing done"]);
    const mine = withRestriction(base, ["todo doing", "doing done", "done todo"]);
    const saved = withRestriction(base, ["doing done", "doing todo"]);
    expect(mergeDrafts(before, mine, saved).draft.transitions).toEqual(["doing done", "doing todo", "done todo"]);
    expect(mergeDrafts(base, base, saved).draft).toMatchObject({ restricted: true, transitions: saved.transitions });
    expect(mergeDrafts(before, withRestriction(base, null), before).draft).toMatchObject({ restricted: false });
  });
});
