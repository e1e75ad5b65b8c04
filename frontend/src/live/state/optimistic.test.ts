import { describe, expect, it } from "vitest";
import { applyEvent, boardFrom, withPatches } from "./board";
import { Optimistic } from "./optimistic";
import { card, event, snapshot } from "./testing";

const board = boardFrom(snapshot([card(1), card(2)]));
const statusIn = (optimistic: Optimistic, on = board) =>
  withPatches(on, optimistic.get()).cards.get("ticket-1")?.status;

describe("Optimistic", () => {
  it("draws at once and forgets when refused", () => {
    const optimistic = new Optimistic();
    optimistic.begin(card(1), { status: "done" });
    expect(statusIn(optimistic)).toBe("done");
    optimistic.rollBack("ticket-1");
    expect(statusIn(optimistic)).toBe("todo");
    expect(withPatches(board, optimistic.get())).toBe(board);
  });

  it("holds between the answer and the event, so that the card does not jump back", () => {
    const optimistic = new Optimistic();
    optimistic.begin(card(1), { status: "done" });
    optimistic.confirm("ticket-1", board);
    expect(statusIn(optimistic)).toBe("done");
    const after = applyEvent(board, event(1, 1, "status_changed", { changes: { status: "done", version: 2 } }));
    optimistic.reconcile(after);
    expect(optimistic.waiting("ticket-1")).toBe(false);
    expect(statusIn(optimistic, after)).toBe("done");
  });

  it("gives way to the event that came before the answer", () => {
    const optimistic = new Optimistic();
    optimistic.begin(card(1), { status: "done" });
    const after = applyEvent(board, event(1, 1, "status_changed", { changes: { status: "done", version: 2 } }));
    optimistic.reconcile(after);
    expect(optimistic.waiting("ticket-1")).toBe(true);
    optimistic.confirm("ticket-1", after);
    expect(optimistic.waiting("ticket-1")).toBe(false);
  });

  it("forgets what was deleted", () => {
    const optimistic = new Optimistic();
    optimistic.begin(card(1), { status: "done" });
    optimistic.reconcile(applyEvent(board, event(1, 1, "ticket_deleted", {})));
    expect(optimistic.get().size).toBe(0);
  });
});
