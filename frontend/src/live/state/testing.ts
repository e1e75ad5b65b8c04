/** Fixtures for tests: cards, boards, events, and random histories that depend only on their seed. */
import type { BoardSnapshot, Card, EventData, JobSummary, LiveEvent, Message } from "@/api/types";

export const COLUMNS = ["todo", "doing", "done"];

export function card(number: number, overrides: Partial<Card> = {}): Card {
  const at = "2026-01-01T00:00:00Z";
  return {
    ticket_id: `ticket-${number}`,
    key: `TKT-${number}`,
    number,
    workflow_id: "w1",
    title: `Ticket ${number}`,
    ticket_type: "task",
    priority: "medium",
    status: "todo",
    rank: "m",
    assigned_agent_id: null,
    created_by_agent_id: "user-1",
    parent_ticket_id: null,
    merged_into_ticket_id: null,
    tags: [],
    blocked_by_ticket_ids: [],
    is_blocked: false,
    is_resolved: false,
    comment_count: 0,
    commit_count: 0,
    story_points: null,
    estimate_minutes: null,
    spent_minutes: 0,
    due_on: null,
    milestone_id: null,
    version: 1,
    created_at: at,
    updated_at: at,
    started_at: null,
    completed_at: null,
    approval_status: null,
    ...overrides,
  };
}

export function snapshot(tickets: Card[], seq = 0): BoardSnapshot {
  return {
    epoch: "e1",
    seq,
    workflow: {
      id: "w1",
      name: "Work",
      description: "",
      ticket_tracking: true,
      archived_at: null,
      created_at: "2026-01-01T00:00:00Z",
      role: "owner",
    },
    board_config: {
      name: "Board",
      columns: COLUMNS.map((id, order) => ({ id, name: id, order, color: null, wip_limit: null, category: "todo" })),
      ticket_types: [{ id: "task", name: "Task" }],
      default_ticket_type: "task",
      initial_status: "todo",
      settings: {
        auto_assign: false,
        require_comments_on_status_change: false,
        allow_reopen: true,
        track_time: false,
        wip_policy: "warn",
        human_review: false,
        require_description: false,
      },
      transitions: [],
    },
    tickets,
    jobs: [],
  };
}

export function event(seq: number, number: number | null, type: string, data: EventData): LiveEvent {
  return {
    type,
    workflow_id: "w1",
    ticket_id: number === null ? null : `ticket-${number}`,
    agent_id: "agent-1",
    data,
    timestamp: "2026-01-01T00:00:00Z",
    stream: "workflow:w1",
    seq,
    epoch: "e1",
    prev: seq - 1,
  };
}

export function jobSummary(id: string, overrides: Partial<JobSummary> = {}): JobSummary {
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
    ...overrides,
  };
}

export function jobEvent(seq: number, type: string, jobId: string, data: EventData): LiveEvent {
  return { ...event(seq, 1, type, data), job_id: jobId };
}

export function message(order: number, overrides: Partial<Message> = {}): Message {
  return { message_id: `m${order}`, order, kind: "log", content: `line ${order}`, ...overrides } as Message;
}

/** A match of the saved search `s1`. */
export function matchEvent(seq: number, overrides: Partial<LiveEvent> = {}): LiveEvent {
  return {
    type: "search_matched",
    workflow_id: "w1",
    ticket_id: `ticket-${seq}`,
    agent_id: null,
    data: { search_id: "s1", name: "Mine", ticket: card(seq) },
    timestamp: "2026-01-01T00:00:00Z",
    stream: "search:s1",
    seq,
    epoch: "e1",
    prev: seq - 1,
    ...overrides,
  };
}

/** The mulberry32 generator. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A random history of a board: the first snapshot, the events, and the last snapshot. */
export function randomHistory(random: () => number, length: number) {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const rank = () => Math.floor(random() * 1e6).toString(36);
  const tickets = new Map<number, Card>();
  for (let number = 1; number <= 20; number += 1) {
    tickets.set(number, card(number, { status: pick(COLUMNS), rank: rank() }));
  }
  const start = snapshot([...tickets.values()]);
  const events: LiveEvent[] = [];
  let lastNumber = 20;
  for (let seq = 1; seq <= length; seq += 1) {
    const dice = random();
    const number = tickets.size > 0 ? pick([...tickets.keys()]) : 0;
    const old = tickets.get(number);
    if (dice < 0.15 || !old) {
      lastNumber += 1;
      const created = card(lastNumber, { status: pick(COLUMNS), rank: rank() });
      tickets.set(lastNumber, created);
      events.push(event(seq, lastNumber, "ticket_created", { ticket: { ...created, description: "" } }));
    } else if (dice < 0.25) {
      tickets.delete(number);
      events.push(event(seq, number, "ticket_deleted", {}));
    } else {
      const changes: Partial<Card> =
        dice < 0.65
          ? { status: pick(COLUMNS), rank: rank(), version: old.version + 1 }
          : { title: `Title ${seq}`, comment_count: seq, version: old.version + 1 };
      tickets.set(number, { ...old, ...changes });
      events.push(event(seq, number, dice < 0.65 ? "status_changed" : "ticket_updated", { changes }));
    }
  }
  return { start, events, end: snapshot([...tickets.values()], length) };
}
