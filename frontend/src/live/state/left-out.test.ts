import { describe, expect, it } from "vitest";
import type { BoardSnapshot, EventData, TicketPage } from "@/api/types";
import { applyEvents, type BoardState, boardFrom, columnTotal, withOlder } from "./board";
import { changesLeftOut } from "./left-out";
import { card, event, snapshot } from "./testing";

const shown = card(9, { status: "done", rank: "z" });

function truncated(count = 3): BoardSnapshot {
  return { ...snapshot([card(1), shown]), left_out: [{ status: "done", count, cursor: "c1" }] };
}

describe("a board that leaves out done tickets", () => {
  it("counts them, and shows them in their order when they are loaded", () => {
    const board = boardFrom(truncated());
    expect(columnTotal(board, "done")).toBe(4);
    const page = (numbers: number[], next_cursor: string | null): TicketPage => ({
      tickets: numbers.map((number) => card(number, { status: "done", rank: "m" })),
      next_cursor,
    });
    const more = withOlder(board, "done", page([7, 6], "c2"));
    expect(more.order.get("done")).toEqual(["ticket-6", "ticket-7", "ticket-9"]);
    expect(more.leftOut.get("done")).toMatchObject({ count: 1, cursor: "c2" });
    expect(columnTotal(more, "done")).toBe(4);
    const all = withOlder(more, "done", page([5], null));
    expect([columnTotal(all, "done"), all.leftOut.size]).toEqual([4, 0]);
  });

  it("keeps what it knows when a page repeats a card", () => {
    const board = boardFrom(truncated());
    const page = { tickets: [{ ...shown, status: "done", title: "Earlier" }], next_cursor: null };
    expect(withOlder(board, "done", page).cards.get("ticket-9")?.title).toBe("Ticket 9");
  });

  it("is read again only when a ticket that it leaves out moves", () => {
    const board = boardFrom(truncated());
    const asks = (before: BoardState, number: number, type: string, data: EventData) => {
      const change = event(1, number, type, data);
      return changesLeftOut(before, applyEvents(before, [change]), change);
    };
    const move = { changes: { status: "todo", rank: "m" } };
    expect(asks(board, 5, "status_changed", move)).toBe(true);
    expect(asks(board, 5, "deleted", { changes: {} })).toBe(true);
    expect(asks(board, 5, "comment_added", { changes: { comment_count: 1 } })).toBe(false);
    expect(asks(board, 1, "status_changed", move)).toBe(false);
    expect(asks(board, 1, "deleted", { changes: {} })).toBe(false);
    expect(asks(boardFrom(snapshot([shown])), 5, "status_changed", move)).toBe(false);
  });
});
