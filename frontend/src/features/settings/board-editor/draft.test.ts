import { describe, expect, it } from "vitest";
import { snapshot } from "@/live/state/testing";
import { toBoardChange, uniqueId } from "./board-change";
import {
  type Draft,
  moved,
  readStoredDraft,
  toDraft,
  withColumn,
  withNewColumn,
  withNewType,
  withoutColumn,
  withoutType,
  withType,
} from "./draft";
import { faultsOf } from "./problems";

const config = snapshot([]).board_config;
const start = toDraft(config);
const pathsOf = (draft: Draft) => faultsOf(draft).map(({ path }) => path);

describe("a draft of a board", () => {
  it("asks for no changes without edits", () => {
    const { config: change, moves } = toBoardChange(start);
    expect(change.columns?.map(({ id, order, wip_limit }) => [id, order, wip_limit])).toEqual([
      ["todo", 0, null],
      ["doing", 1, null],
      ["done", 2, null],
    ]);
    expect(change.columns?.some((column) => "previous_id" in column)).toBe(false);
    expect(change.initial_status).toBe("todo");
    expect(change.transitions).toEqual([]);
    expect(moves).toEqual({});
  });

  it("keeps the id of a renamed column, and names the old one of a column with another id", () => {
    let draft = withColumn(start, "doing", { name: "In progress" });
    expect(toBoardChange(draft).config.columns?.[1]).toMatchObject({ id: "doing", name: "In progress" });
    draft = withColumn(draft, "todo", { newId: "backlog" });
    draft = { ...draft, restricted: true, transitions: ["todo doing"] };
    const { config: change } = toBoardChange(draft);
    expect(change.columns?.[0]).toMatchObject({ id: "backlog", previous_id: "todo" });
    expect(change.initial_status).toBe("backlog");
    expect(change.transitions).toEqual([{ from: "backlog", to: "doing" }]);
  });

  it("derives unique ids for new columns and types from their names", () => {
    let draft = withNewType(withNewColumn(withNewColumn(start)));
    draft = { ...draft, columns: draft.columns.map((c) => (c.id ? c : { ...c, name: "Done", wip: "3" })) };
    draft = withType(draft, draft.types.at(-1)?.key ?? "", { name: "Task" });
    const { config: change } = toBoardChange(draft);
    expect(change.columns?.map(({ id }) => id)).toEqual(["todo", "doing", "done", "done_2", "done_3"]);
    expect(change.columns?.at(-1)?.wip_limit).toBe(3);
    expect(change.ticket_types?.map(({ id }) => id)).toEqual(["task", "task_2"]);
  });

  it("does not give the id of a removed column to a new one, which would keep its tickets", () => {
    let draft = withNewColumn(withoutColumn(start, "done", "doing"));
    draft = { ...draft, columns: draft.columns.map((c) => (c.id ? c : { ...c, name: "Done" })) };
    expect(toBoardChange(draft).config.columns?.at(-1)?.id).toBe("done_2");
    const key = draft.columns.at(-1)?.key ?? "";
    expect(pathsOf(withColumn(draft, key, { newId: "done" }))).toEqual(["board_config.columns[2].id"]);
  });

  it("maps tickets of removed columns to their target across several removals", () => {
    let draft = withoutColumn(start, "todo", "doing");
    expect(draft.initial).toBe("doing");
    draft = withoutColumn(draft, "doing", "done");
    const { config: change, moves } = toBoardChange(draft);
    expect(moves).toEqual({ todo: "done", doing: "done" });
    expect(change.initial_status).toBe("done");
    expect(change.columns?.map(({ id }) => id)).toEqual(["done"]);
  });

  it("drops the moves of a removed column, and does not turn a restriction into every move", () => {
    const draft = withoutColumn(
      { ...start, restricted: true, transitions: ["doing done", "todo doing"] },
      "doing",
      null,
    );
    expect(draft.transitions).toEqual([]);
    expect(pathsOf(draft)).toEqual(["board_config.transitions"]);
  });

  it("gives the default to another type when its type is removed", () => {
    const draft = withoutType(withNewType(start), "task");
    expect(draft.defaultType).toBe(draft.types[0]?.key);
  });

  it("is not taken from storage if it is of another version", () => {
    expect(readStoredDraft(JSON.parse(JSON.stringify(start)), start)).toEqual(start);
    expect(readStoredDraft({ ...start, types: [{ id: "task", name: "Task" }] }, start)).toBeNull();
    expect(readStoredDraft({ columns: [] }, start)).toBeNull();
  });
});

describe("faults", () => {
  it("name the field as the server does", () => {
    expect(pathsOf(start)).toEqual([]);
    expect(pathsOf(withNewColumn(start))).toEqual(["board_config.columns[3].name"]);
    expect(pathsOf({ ...start, columns: [] })).toContain("board_config.columns");
    expect(pathsOf({ ...start, name: " " })).toEqual(["board_config.name"]);
    expect(pathsOf(withColumn(start, "doing", { wip: "-1" }))).toEqual(["board_config.columns[1].wip_limit"]);
    expect(pathsOf(withColumn(start, "doing", { name: "\u200b" }))).toEqual(["board_config.columns[1].name"]);
    expect(pathsOf(withColumn(start, "doing", { newId: "TODO" }))).toEqual(["board_config.columns[1].id"]);
    expect(pathsOf(withType(start, "task", { name: "" }))).toEqual(["board_config.ticket_types[0].name"]);
  });
});

describe("uniqueId", () => {
  it("uses ASCII letters only", () => {
    expect(uniqueId("In Prüfung!", new Set())).toBe("in_pru_fung");
    expect(uniqueId("検証", new Set(["column"]))).toBe("column_2");
  });
});

describe("moved", () => {
  it("does nothing beyond the ends of the list", () => {
    expect(moved(["a", "b", "c"], 0, 2)).toEqual(["b", "c", "a"]);
    expect(moved(["a", "b"], 1, 2)).toEqual(["a", "b"]);
  });
});
