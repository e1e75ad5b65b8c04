import { describe, expect, it } from "vitest";
import type { Approval, Finding, Job, LiveEvent, Member, UsageTotals } from "@/api/types";
import { boardFrom } from "@/live/state/board";
import { card, jobEvent, jobSummary, snapshot } from "@/live/state/testing";
import { alarms } from "./agent-alarms";
import { numbersOf, shortCost, shortTokens, successRate } from "./agent-numbers";
import { laneActions, performAll, type Result } from "./lane-actions";
import { type Lane, lanesOf } from "./lanes";
import { LastLines, lastLineOf } from "./last-lines";
import { formatWait } from "./wording";

const job = (id: string, overrides: Partial<Job> = {}) =>
  ({
    ...jobSummary(id),
    heartbeat_at: null,
    started_at: null,
    queued_at: "2026-01-01T00:00:00Z",
    lease_expires_at: null,
    cancel_requested: false,
    ...overrides,
  }) as Job;
const agent = (actor_id: string) => ({ actor_id, name: actor_id, kind: "agent", role: "member" }) as Member;

function lanes(overrides: Partial<Parameters<typeof lanesOf>[0]> = {}): Lane[] {
  const board = boardFrom(snapshot([card(1), card(2, { status: "doing", assigned_agent_id: "writer" })]));
  const columns = board.config.columns.map((column) => ({
    ...column,
    category: column.id === "doing" ? ("active" as const) : column.category,
  }));
  return lanesOf({
    jobs: [],
    board: { cards: board.cards, config: { ...board.config, columns } },
    failures: new Map(),
    silences: new Map(),
    approvals: [],
    members: [agent("builder"), agent("writer"), { ...agent("ann"), kind: "user" }],
    ...overrides,
  });
}
const shown = (found: readonly Lane[]) => found.map(({ id, section }) => `${section} ${id}`);

describe("lanes", () => {
  it("are the agents, with their tickets, where there are no jobs", () => {
    expect(shown(lanes())).toEqual(["running agent:writer", "idle agent:builder"]);
  });

  it("are in the order running, waiting, silent, failed, without a worker, queued, idle", () => {
    const approval = { id: "p", job_id: "w", status: "pending", created_at: "2026-01-01T00:00:01Z" } as Approval;
    const found = lanes({
      jobs: [
        job("q"),
        job("n", { no_worker: true }),
        job("w", { status: "waiting", agent_id: "builder" }),
        job("r", { status: "running", agent_id: "builder" }),
        job("e", { status: "succeeded" }),
      ],
      failures: new Map([
        ["f", { kind: "failed", at: "2026-01-01T00:00:00Z", job: jobSummary("f", { status: "failed" }) }],
      ]),
      silences: new Map([["writer", { kind: "silent", finding: { since: "2026-01-01T00:00:00Z" } as Finding }]]),
      approvals: [approval],
    });
    expect(shown(found)).toEqual([
      "running job:r",
      "waiting job:w",
      "silent agent:writer",
      "failed job:f",
      "no_worker job:n",
      "queued job:q",
    ]);
    expect(found[1]?.approval).toBe(approval);
    expect(found[0]?.ticket?.key).toBe("TKT-1");
  });

  it("leave out failures of finished tickets", () => {
    const failures = new Map([
      ["f", { kind: "failed" as const, at: "", job: jobSummary("f", { status: "failed", ticket_id: "gone" }) }],
    ]);
    expect(shown(lanes({ failures, members: [] }))).toEqual([]);
  });
});

describe("actions on lanes", () => {
  const [running, queued] = lanes({ jobs: [job("r", { status: "running" }), job("q")], members: [] });

  it("depend on the job and the ticket", () => {
    expect(running && laneActions(running)).toEqual(["pause", "message", "reassign", "cancel"]);
    expect(laneActions(lanes()[1] as Lane)).toEqual([]);
  });

  it("say of each lane what happened", async () => {
    const results: Result[] = [];
    await performAll(
      [running, queued] as Lane[],
      { action: "retry" },
      ({ id }) => id,
      () => undefined,
      (result) => results.push(result),
    );
    expect(results.map(({ laneId, ok, text }) => [laneId, ok, text])).toEqual([
      ["job:r", false, "Not possible in its state"],
      ["job:q", false, "Not possible in its state"],
    ]);
  });
});

describe("numbers of an agent", () => {
  it("count attempts that were not cancelled, and the time until answers", () => {
    const numbers = numbersOf(
      [
        { agent_id: "a", outcome: "succeeded", error: null },
        { agent_id: "a", outcome: "succeeded", error: null },
        { agent_id: "a", outcome: "requeued", error: "It broke." },
        { agent_id: "a", outcome: "requeued", error: null },
        { agent_id: "a", outcome: "running", error: null },
      ],
      [
        { asked_by: "a", time_to_answer_seconds: 60, pending_for_seconds: null },
        { asked_by: "a", time_to_answer_seconds: null, pending_for_seconds: 30 },
      ],
    ).get("a");
    expect(numbers).toEqual({ succeeded: 2, failed: 1, waited: 90 });
    expect(numbers && successRate(numbers)).toBe("67%");
    expect(successRate({ succeeded: 0, failed: 0, waited: 0 })).toBeNull();
    expect([45, 600, 7_200, 400_000].map(formatWait)).toEqual(["45 s", "10 min", "2 h", "5 d"]);
  });

  it("show what was reported only", () => {
    const used = { costs: [], input_tokens: null, output_tokens: null } as unknown as UsageTotals;
    expect([shortCost(used), shortTokens(used)]).toEqual([null, null]);
    const costs = [
      { amount: "1.256", currency: "USD" },
      { amount: "0.004", currency: "EUR" },
    ];
    expect(shortCost({ ...used, costs })).toBe("$1.26 + €0.004");
    expect(shortTokens({ ...used, input_tokens: 12_000, output_tokens: 400 })).toBe("12.4K");
  });
});

describe("last lines", () => {
  it("are of progress and messages, and notify their job only", () => {
    const lines = new LastLines();
    let calls = 0;
    lines.subscribe("a", () => {
      calls += 1;
    });
    lines.apply([
      jobEvent(1, "job_progress", "a", { message: "Reading" }),
      jobEvent(2, "job_message", "b", { message: { content: "one\ntwo\n\n" } as never }),
      jobEvent(3, "job_status", "a", { message: "no line" }),
    ]);
    expect([lines.get("a"), lines.get("b"), calls]).toEqual(["Reading", "two", 1]);
    expect(lastLineOf(" \n")).toBeUndefined();
  });
});

it("alarms are silent agents and jobs without a worker that begin", () => {
  const event = (type: string, kind: string) => ({ type, data: { finding: { kind } } }) as unknown as LiveEvent;
  const events = [
    event("finding_opened", "agent_silent"),
    event("finding_closed", "agent_silent"),
    event("finding_opened", "stuck"),
    event("finding_opened", "job_without_worker"),
  ];
  expect(alarms(events).map(({ kind }) => kind)).toEqual(["agent_silent", "job_without_worker"]);
});
