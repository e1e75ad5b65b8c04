import { describe, expect, it } from "vitest";
import type { Finding, Job } from "@/api/types";
import { attentionsOf } from "./attention";
import { boardFrom } from "./board";
import { type Failures, failuresOf, withFailureEvent } from "./failures";
import { card, event, jobEvent, jobSummary, snapshot } from "./testing";

const job = (id: string, overrides: Partial<Job> = {}) =>
  ({ ...jobSummary(id), queued_at: null, finished_at: null, ...overrides }) as Job;
const failed = (id: string, hour: number, overrides: Partial<Job> = {}) =>
  job(id, { status: "failed", queued_at: at(hour - 1), finished_at: at(hour), updated_at: at(hour), ...overrides });
const at = (hour: number) => `2026-01-01T${String(hour).padStart(2, "0")}:00:00Z`;
const ids = (failures: Failures) => [...failures.keys()];

describe("failures of a list of jobs", () => {
  it("end when another job of the ticket is queued later", () => {
    expect(ids(failuresOf([failed("a", 5)]))).toEqual(["a"]);
    expect(ids(failuresOf([failed("a", 5), job("b", { queued_at: at(6), status: "succeeded" })]))).toEqual([]);
    // One that was queued before says nothing of the failure, and a draft is not queued.
    expect(ids(failuresOf([failed("a", 5), job("b", { queued_at: at(4) }), job("c")]))).toEqual(["a"]);
    expect(ids(failuresOf([failed("a", 5), job("b", { queued_at: at(6), ticket_id: "ticket-2" })]))).toEqual(["a"]);
    // Of two attempts with different jobs, the later one counts.
    expect(ids(failuresOf([failed("b", 8), failed("a", 5)]))).toEqual(["b"]);
  });

  it("without a ticket do not end each other", () => {
    expect(ids(failuresOf([failed("a", 5, { ticket_id: null }), failed("b", 8, { ticket_id: null })]))).toEqual([
      "a",
      "b",
    ]);
  });
});

describe("failures and events", () => {
  const start = failuresOf([failed("a", 5)]);
  const later = (type: string, id: string, overrides: Parameters<typeof jobSummary>[1]) => ({
    ...jobEvent(1, type, id, { job: jobSummary(id, { updated_at: at(9), ...overrides }) }),
    timestamp: at(9),
  });

  it("begin with a failed job and end with its retry or deletion", () => {
    const both = withFailureEvent(start, later("job_status", "b", { status: "failed", ticket_id: "ticket-2" }));
    expect(ids(both)).toEqual(["a", "b"]);
    expect(ids(withFailureEvent(both, later("job_status", "a", { status: "queued" })))).toEqual(["b"]);
    expect(ids(withFailureEvent(both, jobEvent(2, "job_deleted", "b", {})))).toEqual(["a"]);
  });

  it("end when another job of the ticket is queued, not when it only runs on", () => {
    expect(ids(withFailureEvent(start, later("job_status", "b", { status: "queued" })))).toEqual([]);
    expect(withFailureEvent(start, later("job_progress", "b", { status: "running" }))).toBe(start);
    expect(withFailureEvent(start, event(3, 1, "comment_added", {}))).toBe(start);
  });
});

describe("tickets that need attention", () => {
  const board = boardFrom(
    snapshot([
      card(1),
      card(2, { status: "done" }),
      card(3, { is_resolved: true }),
      card(4, { status: "doing", assigned_agent_id: "agent-x" }),
      card(5, { assigned_agent_id: "agent-x" }),
    ]),
  );
  const config = {
    ...board.config,
    columns: board.config.columns.map((column) => ({
      ...column,
      category:
        column.id === "done" ? ("done" as const) : column.id === "doing" ? ("active" as const) : column.category,
    })),
  };
  const silence = { kind: "silent" as const, finding: { agent_id: "agent-x", message: "Silent." } as Finding };

  it("are open and failed, without a worker, or active with a silent agent", () => {
    const failures = failuresOf([1, 2, 3, 9].map((n) => failed(`f${n}`, 5, { ticket_id: `ticket-${n}` })));
    const jobs = new Map([["q", jobSummary("q", { ticket_id: "ticket-5", no_worker: true })]]);
    const found = attentionsOf({ ...board, config, jobs }, failures, new Map([["agent-x", silence]]));
    expect([...found].map(([id, { kind }]) => [id, kind])).toEqual([
      ["ticket-1", "failed"],
      ["ticket-5", "no_worker"],
      ["ticket-4", "silent"],
    ]);
    const again = attentionsOf({ ...board, config, jobs }, failures, new Map([["agent-x", silence]]));
    expect([...again].every(([id, attention]) => attention === found.get(id))).toBe(true);
  });
});
