import { beforeEach, expect, it } from "vitest";
import { boardUse, recordUse, sortBoards, togglePin } from "./boards";

const board = (id: string, updated_at: string) => ({ id, name: id, created_at: "2026-01-01", updated_at });
const boards = [board("a", "2026-01-02"), board("b", "2026-01-04"), board("c", "2026-01-03"), board("d", "2026-01-01")];
const order = () => sortBoards(boards, boardUse.get()).map(({ id }) => id);

beforeEach(() => boardUse.set({ pinned: [], used: [] }));

it("sorts boards by pin, by use, and by change", () => {
  expect(order()).toEqual(["b", "c", "a", "d"]);
  recordUse("a");
  recordUse("d");
  expect(order()).toEqual(["d", "a", "b", "c"]);
  togglePin("c");
  expect(order()).toEqual(["c", "d", "a", "b"]);
  togglePin("c");
  expect(order()).toEqual(["d", "a", "b", "c"]);
});

it("keeps both in this browser", () => {
  togglePin("b");
  recordUse("d");
  expect(JSON.parse(localStorage.getItem("callboard.boards") ?? "")).toEqual({ pinned: ["b"], used: ["d"] });
});
