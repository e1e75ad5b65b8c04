import { describe, expect, it } from "vitest";
import type { Card } from "@/api/types";
import { applyEvent, applyEvents, boardFrom, compareCards, restoresUnknownCard, withPatches } from "./board";
import { card, event, snapshot } from "./testing";

describe("applyEvents", () => {
  it("moves a card to the position given by its rank", () => {
    const board = boardFrom(snapshot([card(1, { rank: "b" }), card(2, { status: "done", rank: "a" })]));
    const next = applyEvent(board, event(1, 1, "status_changed", { changes: { status: "done", rank: "0" } }));
    expect(next.order.get("done")).toEqual(["ticket-1", "ticket-2"]);
    expect(next.order.get("todo")).toEqual([]);
    expect(next.seq).toBe(1);
    expect(board.order.get("todo")).toEqual(["ticket-1"]);
  });

  it("hides a merged ticket until an event carries its card again", () => {
    const board = boardFrom(snapshot([card(1), card(2)]));
    const merged = applyEvents(board, [
      event(1, 1, "ticket_merged", { changes: { merged_into_ticket_id: "ticket-2" } }),
      event(2, 1, "comment_added", { changes: { comment_count: 1 } }),
      event(3, 2, "something_new", { changes: { comment_count: 5 } }),
    ]);
    expect([...merged.cards.keys()]).toEqual(["ticket-2"]);
    expect(merged.order.get("todo")).toEqual(["ticket-2"]);
    expect(merged.cards.get("ticket-2")?.comment_count).toBe(5);
    const back = event(4, 1, "ticket_unmerged", { changes: { merged_into_ticket_id: null } });
    expect(restoresUnknownCard(merged, back)).toBe(true);
    const restored = applyEvent(merged, { ...back, data: { ...back.data, ticket: card(1) } });
    expect(restored.order.get("todo")).toEqual(["ticket-1", "ticket-2"]);
    expect(restoresUnknownCard(restored, back)).toBe(false);
  });

  it("is idempotent", () => {
    const board = boardFrom(snapshot([card(1)]));
    const move = event(1, 1, "status_changed", { changes: { status: "done" } });
    const once = applyEvent(board, move);
    expect(applyEvents(once, [move, move])).toBe(once);
  });

  it("keeps unchanged cards and columns identical, so that they are not re-rendered", () => {
    const board = boardFrom(snapshot([card(1), card(2), card(3, { status: "done" })]));
    const next = applyEvent(board, event(1, 1, "comment_added", { changes: { comment_count: 4 } }));
    expect(next.cards.get("ticket-2")).toBe(board.cards.get("ticket-2"));
    expect(next.order.get("todo")).toBe(board.order.get("todo"));
    expect(next.cards.get("ticket-1")?.comment_count).toBe(4);
  });

  it("ignores unknown fields and unknown tickets", () => {
    const board = boardFrom(snapshot([card(1)]));
    const changes = { description: "long", title: "New" } as Partial<Card>;
    const next = applyEvents(board, [
      event(1, 1, "ticket_updated", { changes }),
      event(2, 99, "ticket_updated", { changes: { title: "?" } }),
      event(3, 1, "unknown_type", {}),
    ]);
    expect(next.cards.get("ticket-1")).toEqual({ ...card(1), title: "New" });
    expect(next.cards.size).toBe(1);
    expect(next.seq).toBe(3);
  });

  it("adds created cards and removes deleted ones", () => {
    const board = boardFrom(snapshot([card(1)]));
    const created = applyEvent(board, event(1, 2, "ticket_created", { ticket: { ...card(2), description: "x" } }));
    expect(created.cards.get("ticket-2")).toEqual(card(2));
    const deleted = applyEvent(created, event(2, 1, "ticket_deleted", {}));
    expect([...deleted.cards.keys()]).toEqual(["ticket-2"]);
    expect(deleted.order.get("todo")).toEqual(["ticket-2"]);
  });

  it("replaces the board config", () => {
    const { board_config } = snapshot([]);
    const config = { ...board_config, columns: board_config.columns.slice(0, 1) };
    const board = applyEvent(boardFrom(snapshot([])), event(1, null, "board_updated", { board_config: config }));
    expect(board.config.columns).toHaveLength(1);
  });

  it("follows milestones", () => {
    const milestone = { milestone_id: "m1", name: "Beta", starts_on: null, due_on: null, is_closed: false };
    const start = boardFrom({ ...snapshot([]), milestones: [milestone] });
    expect(start.milestones.get("m1")?.name).toBe("Beta");
    const renamed = { ...milestone, name: "Gamma" };
    const board = applyEvent(start, event(1, null, "milestone_updated", { milestone: renamed }));
    expect(board.milestones.get("m1")?.name).toBe("Gamma");
    const other = { ...milestone, milestone_id: "m2", name: "Delta" };
    const both = applyEvent(board, event(2, null, "milestone_created", { milestone: other }));
    const last = applyEvent(both, event(3, null, "milestone_deleted", { milestone: renamed }));
    expect([...last.milestones.values()].map(({ name }) => name)).toEqual(["Delta"]);
    expect([...board.milestones.keys()]).toEqual(["m1"]);
  });
});

describe("withPatches", () => {
  it("applies patches without changing the board", () => {
    const board = boardFrom(snapshot([card(1), card(2, { status: "done", rank: "m" })]));
    const drawn = withPatches(board, new Map([["ticket-1", { status: "done", rank: "m", number: 1.5 }]]));
    expect(drawn.order.get("done")).toEqual(["ticket-1", "ticket-2"]);
    expect(board.order.get("todo")).toEqual(["ticket-1"]);
    expect(withPatches(board, new Map())).toBe(board);
  });
});

describe("compareCards", () => {
  it("sorts by rank in byte order, then by number", () => {
    const ranks = [card(3, { rank: "a" }), card(2, { rank: "Z" }), card(1, { rank: "a" })];
    expect(ranks.sort(compareCards).map(({ number }) => number)).toEqual([2, 1, 3]);
  });
});
