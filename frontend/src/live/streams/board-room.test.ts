import { describe, expect, it, vi } from "vitest";
import { type BoardState, boardFrom } from "../state/board";
import { card, event, snapshot } from "../state/testing";
import { BoardRoom } from "./board-room";

describe("BoardRoom", () => {
  it("reads the whole board when an old ticket is reopened", async () => {
    vi.useFakeTimers();
    const boards: BoardState[] = [];
    const reopened = truncated(2, [card(1), shown, card(5)], 1);
    const room = new BoardRoom("w1", boardFrom(truncated()), {
      fetchEvents: () => Promise.reject(new Error("not needed")),
      fetchBoard: () => Promise.resolve(reopened),
      fetchOlder: () => Promise.reject(new Error("not needed")),
      onChange: (_, board) => boards.push(board),
    });
    room.receive([event(1, 5, "status_changed", { changes: { status: "todo", rank: "m" } })]);
    await vi.runAllTimersAsync();
    vi.useRealTimers();
    expect(boards.at(-1)?.cards.get("ticket-5")?.status).toBe("todo");
    expect(boards.at(-1)?.leftOut.get("done")?.count).toBe(2);
  });
});

const shown = card(9, { status: "done", rank: "z" });

function truncated(count = 3, tickets = [card(1), shown], seq = 0) {
  return { ...snapshot(tickets, seq), left_out: [{ status: "done", count, cursor: "c1" }] };
}
