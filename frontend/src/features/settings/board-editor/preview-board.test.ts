import { expect, it } from "vitest";
import { boardFrom } from "@/live/state/board";
import { card, snapshot } from "@/live/state/testing";
import { toDraft, withColumn, withNewColumn, withoutColumn } from "./draft";
import { previewBoard } from "./preview-board";
import { removedWithTickets, ticketsAfter } from "./ticket-count";

it("shows tickets where a draft would put them", () => {
  const board = boardFrom({
    ...snapshot([card(1), card(2, { status: "doing" }), card(3, { status: "done" })]),
    left_out: [{ status: "done", count: 7, cursor: "c" }],
  });
  let draft = withoutColumn(toDraft(board.config), "todo", "doing");
  draft = withNewColumn(withColumn(draft, "done", { newId: "shipped", wip: "x" }));
  const preview = previewBoard(board, draft);
  expect(preview.config.columns.map(({ id, name, wip_limit }) => [id, name, wip_limit])).toEqual([
    ["doing", "doing", null],
    ["done", "done", null],
    [draft.columns[2]?.key, "New column", null],
  ]);
  expect(preview.order.get("doing")).toEqual(["ticket-2", "ticket-1"]);
  expect(preview.order.get("done")).toEqual(["ticket-3"]);
  expect(preview.leftOut.get("done")).toEqual({ count: 7, capped: false, cursor: null });
  expect(draft.columns.map((column) => ticketsAfter(board, draft, column).count)).toEqual([2, 8, 0]);
  expect(removedWithTickets(board, draft)).toMatchObject([{ id: "todo", tickets: { count: 1 } }]);
});
