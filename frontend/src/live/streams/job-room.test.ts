import { describe, expect, it, vi } from "vitest";
import type { EventPage, Message } from "@/api/types";
import { jobEvent, message } from "../state/testing";
import { JobRoom } from "./job-room";

describe("JobRoom", () => {
  function setUp(stored: Message[]) {
    const committed: string[] = [];
    const room = new JobRoom("a", {
      fetchEvents: async (): Promise<EventPage> => ({ epoch: "e1", events: [], last_seq: 9, has_more: false }),
      fetchCursor: async () => ({ epoch: "e1", seq: 9 }),
      fetchBefore: async (order, limit) => {
        const older = stored.filter((other) => other.order < (order ?? Number.POSITIVE_INFINITY));
        return { messages: older.slice(-limit), has_more: older.length > limit };
      },
      fetchAfter: async (order, limit) => {
        const newer = stored.filter((other) => other.order > order);
        return { messages: newer.slice(0, limit), has_more: newer.length > limit };
      },
      onEvents: (events) => committed.push(...events.map(({ type }) => type)),
      onJob: () => undefined,
    });
    const orders = () => room.get().messages.map(({ order }) => order);
    return { room, orders, committed };
  }
  const messageEvent = (seq: number, posted: Message) =>
    jobEvent(seq, "job_message", "a", { message: posted, counts: { messages: posted.order } });

  it("loads the newest page, then messages up to the snapshot, then events", async () => {
    const stored = [message(1), message(2)];
    const { room, orders, committed } = setUp(stored);
    await vi.waitFor(() => expect(room.get().state).toBe("ready"));
    stored.push(message(3));
    room.feed.restart({ epoch: "e1", seq: 4 });
    await vi.waitFor(() => expect(orders()).toEqual([1, 2, 3]));
    room.feed.receive([messageEvent(5, message(4)), messageEvent(4, message(3))]);
    expect(orders()).toEqual([1, 2, 3, 4]);
    room.feed.receive([jobEvent(6, "job_message_deleted", "a", { message_id: "m4" })]);
    expect(orders()).toEqual([1, 2, 3]);
    expect(committed).toEqual(["job_message", "job_message_deleted"]);
  });

  it("loads older pages on request, without messages deleted in the meantime", async () => {
    const stored = Array.from({ length: 150 }, (_, i) => message(i + 1));
    const { room, orders } = setUp(stored);
    await vi.waitFor(() => expect(room.get().state).toBe("ready"));
    expect([orders()[0], room.get().hasEarlier]).toEqual([51, true]);
    room.remove("m20");
    await room.loadEarlier();
    expect([orders()[0], orders().length, room.get().hasEarlier]).toEqual([1, 149, false]);
    expect(orders()).not.toContain(20);
    room.close();
  });
});
