import { describe, expect, it } from "vitest";
import type { LiveEvent } from "@/api/types";
import { applyEvents, type BoardState, boardFrom } from "../state/board";
import { event, randomHistory, seededRandom } from "../state/testing";
import { createReorderBuffer, hasGap, pushEvents } from "./reorder-buffer";

/** The part of a board that must not depend on how the events arrived. */
function comparable(board: BoardState) {
  const order = [...board.order].filter(([, ids]) => ids.length > 0).sort(([a], [b]) => (a < b ? -1 : 1));
  const cards = [...board.cards.values()].sort((a, b) => a.number - b.number);
  return { seq: board.seq, cards, order, config: board.config };
}

describe("a snapshot plus its events", () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    it(`give the final state for any order, duplicates and gaps (seed ${seed})`, () => {
      const random = seededRandom(seed);
      const { start, events, end } = randomHistory(random, 120);
      const expected = comparable(boardFrom(end));

      // In order.
      expect(comparable(applyEvents(boardFrom(start), events))).toEqual(expected);

      // Shuffled, duplicated, some lost at first and fetched later, in batches of any size.
      const lost = new Set(events.filter(() => random() < 0.15).map(({ seq }) => seq));
      const arriving = events
        .filter(({ seq }) => !lost.has(seq))
        .flatMap((each) => (random() < 0.3 ? [each, each] : [each]));
      const shuffled = arriving
        .map((each, index) => ({ each, at: index + random() * 12 }))
        .sort((a, b) => a.at - b.at)
        .map(({ each }) => each);
      let board = boardFrom(start);
      let buffer = createReorderBuffer(board.epoch, board.seq);
      const receive = (some: readonly LiveEvent[]) => {
        const pushed = pushEvents(buffer, some);
        buffer = pushed.buffer;
        board = applyEvents(board, pushed.ready);
      };
      while (shuffled.length > 0) receive(shuffled.splice(0, 1 + Math.floor(random() * 5)));
      if (lost.size > 0) expect(hasGap(buffer) || buffer.seq < end.seq).toBe(true);
      receive(events.filter(({ seq }) => seq > buffer.seq));
      expect(hasGap(buffer)).toBe(false);
      expect(comparable(board)).toEqual(expected);

      // All events applied again to a board that already has some of them.
      const middle = Math.floor(random() * events.length);
      const half = applyEvents(boardFrom(start), events.slice(0, middle));
      expect(comparable(applyEvents(half, events))).toEqual(expected);
    });
  }
});

describe("pushEvents", () => {
  it("reports a changed epoch", () => {
    const buffer = createReorderBuffer("e1", 5);
    expect(pushEvents(buffer, [{ ...event(6, 1, "x", {}), epoch: "e2" }]).epochChanged).toBe(true);
  });

  it("holds back early events", () => {
    const first = pushEvents(createReorderBuffer("e1", 0), [event(2, 1, "x", {}), event(3, 1, "x", {})]);
    expect(first.ready).toEqual([]);
    expect(hasGap(first.buffer)).toBe(true);
    const second = pushEvents(first.buffer, [event(1, 1, "x", {})]);
    expect(second.ready.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(hasGap(second.buffer)).toBe(false);
  });
});
