import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { snapshot } from "@/live/state/testing";
import { toBoardChange, toConfig } from "./board-change";
import { differences } from "./board-diff";
import { type BoardPlan, boardFile, fileName, readBoardFile } from "./board-file";
import { guessCategory, planned } from "./board-plan";
import { toDraft, withColumn, withNewColumn } from "./draft";
import { COLOR, COLOR_RULE, ID, ID_RULE } from "./problems";

const SQL = readFileSync(
  resolve(import.meta.dirname, "../../../../../sql/logic/30_workflows/board_config.sql"),
  "utf8",
);
const start = toDraft(snapshot([]).board_config);
const read = (document: unknown) => readBoardFile(JSON.stringify(document));
const planOf = (document: unknown): BoardPlan => {
  const result = read(document);
  if ("faults" in result) throw new Error(JSON.stringify(result.faults));
  return result.plan;
};
const faultsOf = (document: unknown) => {
  const result = read(document);
  return "faults" in result ? result.faults.map(({ path }) => path) : [];
};

describe("a board file", () => {
  it("brings back the board that was exported", () => {
    let draft = withColumn(start, "doing", { wip: "3", category: "active", color: "#ff0000" });
    draft = { ...draft, restricted: true, transitions: ["doing done", "todo doing"], initial: "doing" };
    const result = readBoardFile(boardFile(toConfig(draft)));
    if ("faults" in result) throw new Error("refused");
    expect(result.ignored).toEqual([]);
    expect(planned(start, result.plan)).toEqual(draft);
    // On another board, with nothing in common.
    const other = withColumn(start, "todo", { id: "a", key: "a", name: "A", color: "#123456" });
    expect(toConfig(planned(other, result.plan)).columns).toEqual(toConfig(draft).columns);
  });

  it("is refused by the server's rules, with the field", () => {
    const column = { id: "todo", name: "To do" };
    expect(faultsOf({ columns: [] })).toEqual(["board_config.columns"]);
    expect(faultsOf({ columns: [{ id: "a b" }] })).toEqual(["board_config.columns[0].id"]);
    expect(faultsOf({ columns: [column, { id: "TODO" }] })).toEqual(["board_config.columns"]);
    expect(faultsOf({ columns: [{ ...column, wip_limit: 0, color: "red", category: "later" }] })).toEqual([
      "board_config.columns[0].wip_limit",
      "board_config.columns[0].category",
      "board_config.columns[0].color",
    ]);
    expect(faultsOf({ columns: [column], transitions: [{ from: "todo", to: "x" }] })).toEqual([
      "board_config.transitions[0].to",
    ]);
    expect(faultsOf({ columns: [column], initial_status: "x" })).toEqual(["board_config.initial_status"]);
    expect(faultsOf({ settings: { allow_reopen: "yes", wip_policy: "stop" } })).toEqual([
      "board_config.settings.allow_reopen",
      "board_config.settings.wip_policy",
    ]);
    for (const text of ["{", "[]", '{"tickets": []}', "x".repeat(600_000)]) {
      expect(readBoardFile(text)).toMatchObject({ faults: [{ path: "" }] });
    }
  });

  it("names fields that a board does not have", () => {
    const result = read({ board_config: { columns: [{ id: "a", lane: 1, ticket_count: 3 }], owner: "me" } });
    expect(result).toMatchObject({ ignored: ["owner", "columns.lane"] });
  });

  it("has a name from the workflow's", () => {
    expect(fileName("Website Relaunch 2!")).toBe("website-relaunch-2.board.json");
    expect(fileName("検証")).toBe("board.board.json");
  });
});

describe("a plan", () => {
  it("keeps tickets of columns with the same id or name, and says where others go", () => {
    const saved = withColumn(start, "doing", { name: "In progress", category: "active" });
    const draft = planned(
      saved,
      planOf({
        columns: [
          { id: "wip", name: "in progress" },
          { id: "review", category: "active" },
          { id: "done", name: "Shipped" },
        ],
      }),
    );
    expect(draft.moves).toEqual({ todo: "done" });
    expect(draft.initial).toBe("doing");
    const { config, moves } = toBoardChange(draft);
    expect(config.columns?.map(({ id, previous_id, name }) => [id, previous_id, name])).toEqual([
      ["wip", "doing", "in progress"],
      ["review", undefined, "review"],
      ["done", undefined, "Shipped"],
    ]);
    expect(moves).toEqual({ todo: "done" });
    expect(differences(saved, draft).flatMap(({ changes }) => changes.map(({ text }) => text))).toEqual([
      "Default column: “todo” → “in progress”",
      "Rename “In progress” to “in progress”",
      "ID of “in progress”: doing → wip",
      "Add column “review”",
      "Rename “done” to “Shipped”",
      "Remove column “todo”",
    ]);
  });

  it("leaves what it does not mention", () => {
    const draft = planned(start, planOf({ settings: { track_time: true } }));
    expect(draft).toEqual({ ...start, settings: { ...start.settings, track_time: true } });
  });

  it("guesses categories", () => {
    expect(guessCategory("Shipped", false, false)).toBe("done");
    expect(guessCategory("ideas", true, false)).toBe("todo");
    expect(guessCategory("last", false, true)).toBe("done");
    expect(guessCategory("build", false, false)).toBe("active");
  });
});

describe("differences", () => {
  it("list columns, order, moves and rules", () => {
    let draft = withNewColumn(start);
    draft = { ...draft, columns: [...draft.columns.slice(2), ...draft.columns.slice(0, 2)] };
    draft = {
      ...draft,
      restricted: true,
      transitions: ["todo doing"],
      settings: { ...draft.settings, wip_policy: "refuse" },
    };
    expect(differences(start, draft)).toEqual([
      {
        title: "Columns",
        changes: [
          { kind: "added", text: "Add column “New column”" },
          { kind: "changed", text: "Order: done, New column, todo, doing" },
        ],
      },
      {
        title: "Transitions",
        changes: [
          { kind: "changed", text: "Allow only some moves" },
          { kind: "added", text: "Allow todo → doing" },
        ],
      },
      { title: "Rules", changes: [{ kind: "changed", text: "Over the WIP limit: warn → block" }] },
    ]);
    expect(differences(start, start)).toEqual([]);
  });
});

describe("the server's rules", () => {
  it("are those of the editor", () => {
    expect(SQL).toContain(`word constant text := '${ID.source}'`);
    expect(SQL).toContain(`colour constant text := '${COLOR.source}'`);
    expect(SQL).toContain(ID_RULE);
    expect(SQL).toContain(COLOR_RULE);
    const lists = [...SQL.matchAll(/lower\(id\) in \(([^)]+)\)/g)].map(([, ids = ""]) =>
      ids.replaceAll("'", "").split(", "),
    );
    expect(lists).toHaveLength(2);
    for (const id of lists[0] ?? []) expect([id, guessCategory(id, false, false)]).toEqual([id, "done"]);
    for (const id of lists[1] ?? []) expect([id, guessCategory(id, false, false)]).toEqual([id, "todo"]);
  });
});
