import { describe, expect, it } from "vitest";
import type { Card, LiveEvent } from "@/api/types";
import { hasGap, openInbox, receive } from "../streams/reorder-buffer";
import { applyEvent, applyEvents, type BoardState, boardFrom, compareCards, returnsUnseen, withPatches } from "./board";
import { card, event, generator, snapshot, story } from "./testing";

/** What must be equal whatever the way: cards, and their order in each column. */
function look(board: BoardState) {
  const order = [...board.order].filter(([, ids]) => ids.length > 0).sort(([a], [b]) => (a < b ? -1 : 1));
  const cards = [...board.cards.values()].sort((a, b) => a.number - b.number);
  return { seq: board.seq, cards, order, config: board.config };
}

describe("applyEvents", () => {
  it("moves a card to its place by rank", () => {
    const board = boardFrom(snapshot([card(1, { rank: "b" }), card(2, { status: "done", rank: "a" })]));
    const next = applyEvent(board, event(1, 1, "status_changed", { changes: { status: "done", rank: "0" } }));
    expect(next.order.get("done")).toEqual(["ticket-1", "ticket-2"]);
    expect(next.order.get("todo")).toEqual([]);
    expect(next.seq).toBe(1);
    expect(board.order.get("todo")).toEqual(["ticket-1"]);
  });

  it("shows a merged ticket no more, and again when it is told how it looks", () => {
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
    expect(returnsUnseen(merged, back)).toBe(true);
    const told = applyEvent(merged, { ...back, data: { ...back.data, ticket: card(1) } });
    expect(told.order.get("todo")).toEqual(["ticket-1", "ticket-2"]);
    expect(returnsUnseen(told, back)).toBe(false);
  });

  it("passes over what it has already applied", () => {
    const board = boardFrom(snapshot([card(1)]));
    const move = event(1, 1, "status_changed", { changes: { status: "done" } });
    const once = applyEvent(board, move);
    expect(applyEvents(once, [move, move])).toBe(once);
  });

  it("keeps untouched cards and columns identical, so that they are not drawn again", () => {
    const board = boardFrom(snapshot([card(1), card(2), card(3, { status: "done" })]));
    const next = applyEvent(board, event(1, 1, "comment_added", { changes: { comment_count: 4 } }));
    expect(next.cards.get("ticket-2")).toBe(board.cards.get("ticket-2"));
    expect(next.order.get("todo")).toBe(board.order.get("todo"));
    expect(next.cards.get("ticket-1")?.comment_count).toBe(4);
  });

  it("ignores fields a card does not have, and tickets it does not know", () => {
    const board = boardFrom(snapshot([card(1)]));
    const changes = { description: "long", title: "New" } as Partial<Card>;
    const next = applyEvents(board, [
      event(1, 1, "ticket_updated", { changes }),
      event(2, 99, "ticket_updated", { changes: { title: "?" } }),
      event(3, 1, "something_of_the_future", {}),
    ]);
    expect(next.cards.get("ticket-1")).toEqual({ ...card(1), title: "New" });
    expect(next.cards.size).toBe(1);
    expect(next.seq).toBe(3);
  });

  it("puts a created card in and takes a deleted one out", () => {
    const board = boardFrom(snapshot([card(1)]));
    const created = applyEvent(board, event(1, 2, "ticket_created", { ticket: { ...card(2), description: "x" } }));
    expect(created.cards.get("ticket-2")).toEqual(card(2));
    const deleted = applyEvent(created, event(2, 1, "ticket_deleted", {}));
    expect([...deleted.cards.keys()]).toEqual(["ticket-2"]);
    expect(deleted.order.get("todo")).toEqual(["ticket-2"]);
  });

  it("takes a new board config as it comes", () => {
    const { board_config } = snapshot([]);
    const config = { ...board_config, columns: board_config.columns.slice(0, 1) };
    const board = applyEvent(boardFrom(snapshot([])), event(1, null, "board_updated", { board_config: config }));
    expect(board.config.columns).toHaveLength(1);
  });
});

describe("snapshot + events = final state", () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    it(`whatever the order, the repeats and the holes (seed ${seed})`, () => {
      const random = generator(seed);
      const { start, events, end } = story(random, 120);
      const truth = look(boardFrom(end));

      // One by one, in order.
      expect(look(applyEvents(boardFrom(start), events))).toEqual(truth);

      // Scattered, repeated, some lost at first and fetched later, in bursts of any size.
      const lost = new Set(events.filter(() => random() < 0.15).map(({ seq }) => seq));
      const arriving = events
        .filter(({ seq }) => !lost.has(seq))
        .flatMap((each) => (random() < 0.3 ? [each, each] : [each]));
      const scattered = arriving
        .map((each, index) => ({ each, at: index + random() * 12 }))
        .sort((a, b) => a.at - b.at)
        .map(({ each }) => each);
      let board = boardFrom(start);
      let inbox = openInbox(board.epoch, board.seq);
      const take = (some: readonly LiveEvent[]) => {
        const received = receive(inbox, some);
        inbox = received.inbox;
        board = applyEvents(board, received.ready);
      };
      while (scattered.length > 0) take(scattered.splice(0, 1 + Math.floor(random() * 5)));
      if (lost.size > 0) expect(hasGap(inbox) || inbox.seq < end.seq).toBe(true);
      take(events.filter(({ seq }) => seq > inbox.seq));
      expect(hasGap(inbox)).toBe(false);
      expect(look(board)).toEqual(truth);

      // A snapshot taken anywhere on the way, then the rest.
      const middle = Math.floor(random() * events.length);
      const half = applyEvents(boardFrom(start), events.slice(0, middle));
      expect(look(applyEvents(half, events))).toEqual(truth);
    });
  }
});

describe("receive", () => {
  it("says when another life of the database speaks", () => {
    const inbox = openInbox("e1", 5);
    expect(receive(inbox, [{ ...event(6, 1, "x", {}), epoch: "e2" }]).foreign).toBe(true);
  });

  it("holds back what came early", () => {
    const first = receive(openInbox("e1", 0), [event(2, 1, "x", {}), event(3, 1, "x", {})]);
    expect(first.ready).toEqual([]);
    expect(hasGap(first.inbox)).toBe(true);
    const second = receive(first.inbox, [event(1, 1, "x", {})]);
    expect(second.ready.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(hasGap(second.inbox)).toBe(false);
  });
});

describe("withPatches", () => {
  it("draws a change over the board without writing into it", () => {
    const board = boardFrom(snapshot([card(1), card(2, { status: "done", rank: "m" })]));
    const drawn = withPatches(board, new Map([["ticket-1", { status: "done", rank: "m", number: 1.5 }]]));
    expect(drawn.order.get("done")).toEqual(["ticket-1", "ticket-2"]);
    expect(board.order.get("todo")).toEqual(["ticket-1"]);
    expect(withPatches(board, new Map())).toBe(board);
  });
});

describe("compareCards", () => {
  it("orders ranks by bytes, then numbers", () => {
    const ranks = [card(3, { rank: "a" }), card(2, { rank: "Z" }), card(1, { rank: "a" })];
    expect(ranks.sort(compareCards).map(({ number }) => number)).toEqual([2, 1, 3]);
  });
});
