import { describe, expect, it } from "vitest";
import type { Job } from "@/api/types";
import { applyEvents, boardFrom } from "./board";
import { applyToJob, isLogEvent } from "./jobs";
import { card, jobEvent, jobSummary, message, snapshot } from "./testing";
import { type Transcript, withMessages, withoutMessage } from "./transcript";

describe("open jobs of a board", () => {
  const start = boardFrom({ ...snapshot([card(1)]), jobs: [jobSummary("a")] });

  it("are read from the snapshot, updated by events, and removed when they end", () => {
    expect(start.jobByTicket.get("ticket-1")?.job_id).toBe("a");
    const running = jobSummary("a", { status: "running", stage: "plan", progress: 40 });
    const moved = applyEvents(start, [jobEvent(1, "job_progress", "a", { job: running, message: "Reading" })]);
    expect(moved.jobByTicket.get("ticket-1")).toEqual(running);
    expect(moved.cards).toBe(start.cards);
    const ended = applyEvents(moved, [
      jobEvent(2, "job_status", "a", { job: jobSummary("a", { status: "succeeded" }) }),
    ]);
    expect([ended.jobs.size, ended.jobByTicket.size]).toEqual([0, 0]);
  });

  it("that wait for a person are shown first", () => {
    const both = applyEvents(start, [
      jobEvent(1, "job_status", "b", { job: jobSummary("b", { status: "running" }) }),
      jobEvent(2, "job_status", "c", { job: jobSummary("c", { status: "waiting" }) }),
    ]);
    expect(both.jobByTicket.get("ticket-1")?.job_id).toBe("c");
    const afterDelete = applyEvents(both, [jobEvent(3, "job_deleted", "c", {})]);
    expect(afterDelete.jobByTicket.get("ticket-1")?.job_id).toBe("b");
    // A repeated event changes nothing.
    expect(applyEvents(afterDelete, [jobEvent(3, "job_deleted", "c", {})])).toBe(afterDelete);
  });
});

describe("isLogEvent", () => {
  it("is true for progress, false for a change of status", () => {
    expect(isLogEvent(jobEvent(1, "job_progress", "a", {}))).toBe(true);
    expect(isLogEvent(jobEvent(1, "job_status", "a", {}))).toBe(false);
  });
});

describe("a job", () => {
  const job = { ...jobSummary("a"), initial_prompt: "Do it", cancel_requested: false } as Job;

  it("takes the fields of newer events and skips older ones", () => {
    const later = jobSummary("a", { status: "running", updated_at: "2026-01-01T00:00:02Z" });
    const now = applyToJob(job, jobEvent(1, "job_status", "a", { job: later }));
    expect([now.status, now.initial_prompt]).toEqual(["running", "Do it"]);
    const older = jobSummary("a", { status: "queued", updated_at: "2026-01-01T00:00:01Z" });
    expect(applyToJob(now, jobEvent(2, "job_status", "a", { job: older }))).toBe(now);
    const edited = applyToJob(
      now,
      jobEvent(3, "job_updated", "a", { cancel_requested: true, initial_prompt: "Do that" }),
    );
    expect([edited.cancel_requested, edited.initial_prompt]).toEqual([true, "Do that"]);
  });
});

describe("a transcript", () => {
  const empty: Transcript = { messages: [], hasEarlier: false };
  const orders = ({ messages }: Transcript) => messages.map(({ order }) => order);

  it("is sorted and free of duplicates for any order of pages", () => {
    const late = withMessages(empty, [message(5), message(6)], true);
    const more = withMessages(late, [message(6), message(7)]);
    const all = withMessages(more, [message(3), message(4)], false);
    expect(orders(all)).toEqual([3, 4, 5, 6, 7]);
    expect([more.hasEarlier, all.hasEarlier]).toEqual([true, false]);
    expect(orders(withoutMessage(all, "m5"))).toEqual([3, 4, 6, 7]);
    expect(withoutMessage(all, "other")).toBe(all);
  });
});
