import { describe, expect, it, vi } from "vitest";
import type { EventData, EventPage, Job, JobSummary, LiveEvent, Message } from "@/api/types";
import { JobRoom } from "../streams/job-room";
import { applyEvents, boardFrom } from "./board";
import { applyToJob, isChatter } from "./jobs";
import { card, event, snapshot } from "./testing";
import { type Transcript, withMessages, withoutMessage } from "./transcript";

function summary(id: string, given: Partial<JobSummary> = {}): JobSummary {
  return {
    job_id: id,
    workflow_id: "w1",
    ticket_id: "ticket-1",
    title: `Job ${id}`,
    job_type: "task",
    status: "queued",
    stages: ["plan", "build"],
    stage: null,
    progress: 0,
    progress_message: "",
    attempt: 0,
    max_attempts: 3,
    worker: null,
    agent_id: null,
    error: null,
    updated_at: "2026-01-01T00:00:00Z",
    ...given,
  };
}

function told(seq: number, type: string, id: string, data: EventData): LiveEvent {
  return { ...event(seq, 1, type, data), job_id: id };
}

function line(order: number, given: Partial<Message> = {}): Message {
  return { message_id: `m${order}`, order, kind: "log", content: `line ${order}`, ...given } as Message;
}

describe("open jobs of a board", () => {
  const start = boardFrom({ ...snapshot([card(1)]), jobs: [summary("a")] });

  it("come with the board, move with events, and go when they end", () => {
    expect(start.work.get("ticket-1")?.job_id).toBe("a");
    const running = summary("a", { status: "running", stage: "plan", progress: 40 });
    const moved = applyEvents(start, [told(1, "job_progress", "a", { job: running, message: "Reading" })]);
    expect(moved.work.get("ticket-1")).toEqual(running);
    expect(moved.cards).toBe(start.cards);
    const ended = applyEvents(moved, [told(2, "job_status", "a", { job: summary("a", { status: "succeeded" }) })]);
    expect([ended.jobs.size, ended.work.size]).toEqual([0, 0]);
  });

  it("show the one that needs somebody first", () => {
    const both = applyEvents(start, [
      told(1, "job_status", "b", { job: summary("b", { status: "running" }) }),
      told(2, "job_status", "c", { job: summary("c", { status: "waiting" }) }),
    ]);
    expect(both.work.get("ticket-1")?.job_id).toBe("c");
    const gone = applyEvents(both, [told(3, "job_deleted", "c", {})]);
    expect(gone.work.get("ticket-1")?.job_id).toBe("b");
    // The same events again change nothing.
    expect(applyEvents(gone, [told(3, "job_deleted", "c", {})])).toBe(gone);
  });

  it("tells what is chatter from what changes a ticket", () => {
    expect(isChatter(told(1, "job_progress", "a", {}))).toBe(true);
    expect(isChatter(told(1, "job_status", "a", {}))).toBe(false);
  });
});

describe("a job", () => {
  const job = { ...summary("a"), initial_prompt: "Do it", cancel_requested: false } as Job;

  it("takes what an event carries, and nothing older than itself", () => {
    const later = summary("a", { status: "running", updated_at: "2026-01-01T00:00:02Z" });
    const now = applyToJob(job, told(1, "job_status", "a", { job: later }));
    expect([now.status, now.initial_prompt]).toEqual(["running", "Do it"]);
    const older = summary("a", { status: "queued", updated_at: "2026-01-01T00:00:01Z" });
    expect(applyToJob(now, told(2, "job_status", "a", { job: older }))).toBe(now);
    const asked = applyToJob(now, told(3, "job_updated", "a", { cancel_requested: true, initial_prompt: "Do that" }));
    expect([asked.cancel_requested, asked.initial_prompt]).toEqual([true, "Do that"]);
  });
});

describe("a transcript", () => {
  const empty: Transcript = { messages: [], hasEarlier: false };
  const orders = ({ messages }: Transcript) => messages.map(({ order }) => order);

  it("is in order whatever comes first, with each line once", () => {
    const late = withMessages(empty, [line(5), line(6)], true);
    const more = withMessages(late, [line(6), line(7)]);
    const all = withMessages(more, [line(3), line(4)], false);
    expect(orders(all)).toEqual([3, 4, 5, 6, 7]);
    expect([more.hasEarlier, all.hasEarlier]).toEqual([true, false]);
    expect(orders(withoutMessage(all, "m5"))).toEqual([3, 4, 6, 7]);
    expect(withoutMessage(all, "other")).toBe(all);
  });
});

describe("a job's room", () => {
  function stage(stored: Message[]) {
    const committed: string[] = [];
    const room = new JobRoom("a", {
      fetchEvents: async (): Promise<EventPage> => ({ epoch: "e1", events: [], last_seq: 9, has_more: false }),
      fetchPosition: async () => ({ epoch: "e1", seq: 9 }),
      fetchBefore: async (order, limit) => {
        const older = stored.filter((one) => one.order < (order ?? Number.POSITIVE_INFINITY));
        return { messages: older.slice(-limit), has_more: older.length > limit };
      },
      fetchAfter: async (order, limit) => {
        const newer = stored.filter((one) => one.order > order);
        return { messages: newer.slice(0, limit), has_more: newer.length > limit };
      },
      commit: (events) => committed.push(...events.map(({ type }) => type)),
      present: () => undefined,
    });
    const orders = () => room.get().messages.map(({ order }) => order);
    return { room, orders, committed };
  }
  const said = (seq: number, message: Message) =>
    told(seq, "job_message", "a", { message, counts: { messages: message.order } });

  it("reads the newest page, then what came before the room began, then what happens", async () => {
    const stored = [line(1), line(2)];
    const { room, orders, committed } = stage(stored);
    await vi.waitFor(() => expect(room.get().state).toBe("ready"));
    stored.push(line(3));
    room.feed.restart({ type: "snapshot", room: "job:a", epoch: "e1", seq: 4 });
    await vi.waitFor(() => expect(orders()).toEqual([1, 2, 3]));
    room.feed.offer([said(5, line(4)), said(4, line(3))]);
    expect(orders()).toEqual([1, 2, 3, 4]);
    room.feed.offer([told(6, "job_message_deleted", "a", { message_id: "m4" })]);
    expect(orders()).toEqual([1, 2, 3]);
    expect(committed).toEqual(["job_message", "job_message_deleted"]);
  });

  it("reads older pages when asked, and nothing that was deleted meanwhile", async () => {
    const stored = Array.from({ length: 150 }, (_, i) => line(i + 1));
    const { room, orders } = stage(stored);
    await vi.waitFor(() => expect(room.get().state).toBe("ready"));
    expect([orders()[0], room.get().hasEarlier]).toEqual([51, true]);
    room.remove("m20");
    await room.earlier();
    expect([orders()[0], orders().length, room.get().hasEarlier]).toEqual([1, 149, false]);
    expect(orders()).not.toContain(20);
    room.close();
  });
});
