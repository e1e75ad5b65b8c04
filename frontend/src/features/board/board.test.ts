import { describe, expect, it } from "vitest";
import { boardFrom } from "@/live/state/board";
import { card, event, jobSummary, snapshot } from "@/live/state/testing";
import { describeEvents } from "./describe-events";
import { matcher, readFilter, visibleOrder } from "./filter";
import { splitTags } from "./new-ticket-dialog";
import { announcedPosition, type DropTarget, type Lane, neighborsAt, step } from "./placement";

const lanes: Lane[] = [
  { id: "todo", ids: ["a", "b", "c"] },
  { id: "doing", ids: [] },
  { id: "done", ids: ["x", "y"] },
];

describe("placement", () => {
  it("finds the neighbors of a drop position", () => {
    expect(neighborsAt(lanes, "a", { columnId: "done", index: 1 })).toEqual({ above: "x", below: "y" });
    expect(neighborsAt(lanes, "a", { columnId: "done", index: 2 })).toEqual({ above: "y", below: undefined });
    expect(neighborsAt(lanes, "a", { columnId: "doing", index: 0 })).toEqual({ above: undefined, below: undefined });
    expect(neighborsAt(lanes, "c", { columnId: "todo", index: 0 })).toEqual({ above: undefined, below: "a" });
  });

  it("returns null when the card would not move", () => {
    expect(neighborsAt(lanes, "b", { columnId: "todo", index: 1 })).toBeNull();
    expect(neighborsAt(lanes, "b", { columnId: "todo", index: 2 })).toBeNull();
    expect(neighborsAt(lanes, "b", { columnId: "gone", index: 0 })).toBeNull();
  });

  it("moves one visible position per key press", () => {
    const press = (from: DropTarget, ...keys: string[]) => keys.reduce((at, key) => step(lanes, "b", at, key), from);
    const start = { columnId: "todo", index: 1 };
    expect(press(start, "ArrowDown")).toEqual({ columnId: "todo", index: 3 });
    expect(press(start, "ArrowDown", "ArrowDown")).toEqual({ columnId: "todo", index: 3 });
    expect(press(start, "ArrowUp")).toEqual({ columnId: "todo", index: 0 });
    expect(press(start, "ArrowRight")).toEqual({ columnId: "doing", index: 0 });
    expect(press(start, "ArrowRight", "ArrowRight", "End")).toEqual({ columnId: "done", index: 2 });
    expect(press(start, "ArrowLeft")).toEqual(start);
    expect(announcedPosition(lanes, "b", press(start, "ArrowRight", "ArrowRight", "End"))).toEqual({
      position: 3,
      of: 3,
    });
  });
});

describe("filter", () => {
  const board = boardFrom(
    snapshot([
      card(1, { title: "Fix the Login", tags: ["auth"], priority: "high", assigned_agent_id: "agent-x" }),
      card(2, { title: "Paint it", ticket_type: "bug", status: "done" }),
    ]),
  );
  const shown = (search: Record<string, unknown>) =>
    [...visibleOrder(board, readFilter(search), "2026-01-31").values()].flat().map((id) => id.replace("ticket-", ""));

  it("finds what needs attention, and leaves that out where it is not known", () => {
    const attentions = new Map([["ticket-2", { kind: "no_worker" as const, job: jobSummary("a") }]]);
    const filter = readFilter({ needs: "attention" });
    const found = (known?: typeof attentions) => [...visibleOrder(board, filter, "2026-01-31", known).values()].flat();
    expect(found(attentions)).toEqual(["ticket-2"]);
    expect(found(new Map())).toEqual([]);
    expect(found()).toEqual(["ticket-1", "ticket-2"]);
  });

  it("finds milestones and due dates", () => {
    const planned = boardFrom(
      snapshot([
        card(1, { milestone_id: "m1", due_on: "2026-01-30" }),
        card(2, { due_on: "2026-02-02" }),
        card(3, { milestone_id: "m1", due_on: "2026-02-03" }),
        card(4, { due_on: "2026-01-01", is_resolved: true }),
      ]),
    );
    const found = (search: Record<string, unknown>) =>
      [...visibleOrder(planned, readFilter(search), "2026-01-31").values()]
        .flat()
        .map((id) => id.replace("ticket-", ""));
    expect(found({ milestone: "m1" })).toEqual(["1", "3"]);
    expect(found({ milestone: "none" })).toEqual(["2", "4"]);
    expect(found({ due: "overdue" })).toEqual(["1"]);
    expect(found({ due: "soon" })).toEqual(["1", "2"]);
    expect(found({ due: "soon", milestone: "m1" })).toEqual(["1"]);
  });

  it("matches all words in key, title, tags and assignee", () => {
    expect(shown({ q: "login" })).toEqual(["1"]);
    expect(shown({ q: "AUTH fix" })).toEqual(["1"]);
    expect(shown({ q: "tkt-2" })).toEqual(["2"]);
    expect(shown({ q: "agent-x" })).toEqual(["1"]);
    expect(shown({ q: "login paint" })).toEqual([]);
    expect(shown({ q: 2 })).toEqual(["2"]);
  });

  it("filters by field", () => {
    expect(shown({ priority: "high" })).toEqual(["1"]);
    expect(shown({ type: "bug" })).toEqual(["2"]);
    expect(shown({ assignee: "none" })).toEqual(["2"]);
    expect(matcher({}, "2026-01-31")(card(1))).toBe(true);
  });

  it("returns the board's own lists without a filter", () => {
    expect(visibleOrder(board, {}, "2026-01-31").get("todo")).toBe(board.order.get("todo"));
    expect(readFilter({ q: "", other: "x", priority: null })).toEqual({});
  });
});

describe("describeEvents", () => {
  const board = boardFrom(snapshot([card(1)]));
  const moved = event(1, 1, "status_changed", { new_status: "done", changes: { status: "done" } });

  it("describes changes by others and skips the user's own", () => {
    expect(describeEvents([moved], board, "me")).toBe("TKT-1 moved to done.");
    expect(describeEvents([{ ...moved, agent_id: "me" }], board, "me")).toBeNull();
  });

  it("summarizes many changes as a count", () => {
    expect(describeEvents([moved, moved, moved], board, "me")).toBe("3 changes on the board.");
  });
});

describe("splitTags", () => {
  it("trims tags and drops empty and repeated ones", () => expect(splitTags(" a, b ,,a ")).toEqual(["a", "b"]));
});
