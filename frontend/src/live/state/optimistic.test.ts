import { describe, expect, it } from "vitest";
import { applyEvent, boardFrom, withPatches } from "./board";
import { OptimisticMoves } from "./optimistic";
import { card, event, snapshot } from "./testing";

const board = boardFrom(snapshot([card(1), card(2)]));
const statusIn = (optimistic: OptimisticMoves, on = board) =>
  withPatches(on, optimistic.get()).cards.get("ticket-1")?.status;

describe("OptimisticMoves", () => {
  it("shows the move at once and rolls it back when rejected", () => {
    const optimistic = new OptimisticMoves();
    optimistic.begin(card(1), { status: "done" });
    expect(statusIn(optimistic)).toBe("done");
    optimistic.rollBack("ticket-1");
    expect(statusIn(optimistic)).toBe("todo");
    expect(withPatches(board, optimistic.get())).toBe(board);
  });

  it("keeps a confirmed move until its event, so that the card does not jump back", () => {
    const optimistic = new OptimisticMoves();
    optimistic.begin(card(1), { status: "done" });
    optimistic.confirm("ticket-1", board);
    expect(statusIn(optimistic)).toBe("done");
    const after = applyEvent(board, event(1, 1, "status_changed", { changes: { status: "done", version: 2 } }));
    optimistic.reconcile(after);
    expect(optimistic.isPending("ticket-1")).toBe(false);
    expect(statusIn(optimistic, after)).toBe("done");
  });

  it("ends on confirmation if the event came first", () => {
    const optimistic = new OptimisticMoves();
    optimistic.begin(card(1), { status: "done" });
    const after = applyEvent(board, event(1, 1, "status_changed", { changes: { status: "done", version: 2 } }));
    optimistic.reconcile(after);
    expect(optimistic.isPending("ticket-1")).toBe(true);
    optimistic.confirm("ticket-1", after);
    expect(optimistic.isPending("ticket-1")).toBe(false);
  });

  it("drops the patch of a deleted ticket", () => {
    const optimistic = new OptimisticMoves();
    optimistic.begin(card(1), { status: "done" });
    optimistic.reconcile(applyEvent(board, event(1, 1, "ticket_deleted", {})));
    expect(optimistic.get().size).toBe(0);
  });
});
