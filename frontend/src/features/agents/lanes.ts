/** The lanes of the agents page: one for each open job, each failed one, and each agent without a job. Pure. */
import type { Approval, Card, Finding, Job, JobSummary, Member } from "@/api/types";
import type { Silence } from "@/live/state/attention";
import type { BoardState } from "@/live/state/board";
import type { Failures } from "@/live/state/failures";
import { hasEnded } from "@/live/state/jobs";

export const SECTIONS = ["running", "waiting", "paused", "silent", "failed", "no_worker", "queued", "idle"] as const;
export type Section = (typeof SECTIONS)[number];

export const SECTION_NAMES: Record<Section, string> = {
  running: "Running",
  waiting: "Waiting for people",
  paused: "Paused",
  silent: "Silent",
  failed: "Failed",
  no_worker: "Queued without a worker",
  queued: "Queued",
  idle: "Idle",
};

/** Values are compared one by one, so that a lane of which nothing changed is not rendered again. */
export interface Lane {
  /** `job:…` or `agent:…`; stays the same while the lane moves between sections. */
  readonly id: string;
  readonly section: Section;
  readonly agentId: string | null;
  readonly worker: string | null;
  /** What the lists of jobs know of it; failed ones only in short. */
  readonly job: Job | JobSummary | undefined;
  readonly ticket: Card | undefined;
  /** The number of further tickets that an agent without a job has in active columns. */
  readonly others: number;
  /** The oldest question that it waits for. */
  readonly approval: Approval | undefined;
  readonly finding: Finding | undefined;
  /** Since when it has been so; for running jobs, the last sign of the worker. */
  readonly since: string | null;
}

interface Sources {
  jobs: readonly Job[];
  board: Pick<BoardState, "cards" | "config">;
  failures: Failures;
  silences: ReadonlyMap<string, Silence>;
  approvals: readonly Approval[];
  members: readonly Member[];
}

export function lanesOf({ jobs, board, failures, silences, approvals, members }: Sources): Lane[] {
  const { cards, config } = board;
  const categories = new Map(config.columns.map(({ id, category }) => [id, category]));
  const questions = oldestQuestions(approvals);
  const lanes: Lane[] = [];
  const busy = new Set<string>();
  for (const job of jobs) {
    if (hasEnded(job.status) || job.status === "collecting") continue;
    if (job.agent_id && job.status !== "queued") busy.add(job.agent_id);
    lanes.push(laneOfJob(job, cards, questions.get(job.job_id)));
  }
  for (const { job, at } of failures.values()) {
    const ticket = job.ticket_id ? cards.get(job.ticket_id) : undefined;
    // Without its ticket on the board, or with a finished one, it has been dealt with.
    if (job.ticket_id && (!ticket || ticket.is_resolved || categories.get(ticket.status) === "done")) continue;
    lanes.push({
      ...EMPTY,
      id: `job:${job.job_id}`,
      section: "failed",
      agentId: job.agent_id,
      worker: job.worker,
      job,
      ticket,
      since: at,
    });
  }
  const held = activeTickets(cards.values(), categories);
  for (const { actor_id: id, kind } of members) {
    if (kind === "user" || busy.has(id)) continue;
    lanes.push(laneOfAgent(id, held.get(id) ?? [], silences.get(id)?.finding, questions.get(id)));
  }
  return lanes.sort(
    (a, b) =>
      SECTIONS.indexOf(a.section) - SECTIONS.indexOf(b.section) ||
      compareTexts(startOf(a), startOf(b)) ||
      compareTexts(a.id, b.id),
  );
}

const EMPTY = {
  agentId: null,
  worker: null,
  job: undefined,
  ticket: undefined,
  others: 0,
  approval: undefined,
  finding: undefined,
  since: null,
} satisfies Partial<Lane>;

function laneOfJob(job: Job, cards: ReadonlyMap<string, Card>, approval: Approval | undefined): Lane {
  const ticket = job.ticket_id ? cards.get(job.ticket_id) : undefined;
  const lane = { ...EMPTY, id: `job:${job.job_id}`, agentId: job.agent_id, worker: job.worker, job, ticket };
  switch (job.status) {
    case "waiting":
      return { ...lane, section: "waiting", approval, since: approval?.created_at ?? job.updated_at };
    case "paused":
      return { ...lane, section: "paused", since: job.updated_at };
    case "queued":
      // A job that was given back has no worker any more.
      return {
        ...lane,
        section: job.no_worker ? "no_worker" : "queued",
        agentId: null,
        worker: null,
        since: job.queued_at,
      };
    default:
      return { ...lane, section: "running", since: lastSign(job) };
  }
}

function laneOfAgent(
  agentId: string,
  tickets: readonly Card[],
  finding: Finding | undefined,
  approval: Approval | undefined,
): Lane {
  const [ticket, ...others] = tickets;
  const lane = { ...EMPTY, id: `agent:${agentId}`, agentId, ticket, others: others.length, approval };
  if (finding) return { ...lane, section: "silent", finding, since: finding.since };
  if (approval) return { ...lane, section: "waiting", since: approval.created_at };
  return ticket ? { ...lane, section: "running", since: ticket.updated_at } : { ...lane, section: "idle", since: null };
}

/** A worker shows that it lives by heartbeats and by everything that it reports. */
function lastSign({ heartbeat_at, updated_at }: Job): string {
  return heartbeat_at && heartbeat_at > updated_at ? heartbeat_at : updated_at;
}

/** By what lanes of a section are ordered; must not move while a lane works. */
function startOf({ section, job, since, agentId }: Lane): string {
  if (section === "running" || section === "idle" || section === "paused")
    return (job && "started_at" in job && job.started_at) || agentId || "";
  return since ?? "";
}

/** The oldest pending question of each job, and of each agent that asked without a job. */
function oldestQuestions(approvals: readonly Approval[]): ReadonlyMap<string, Approval> {
  const oldest = new Map<string, Approval>();
  for (const approval of approvals) {
    const subject = approval.job_id ?? approval.asked_by;
    if (approval.status !== "pending" || !subject) continue;
    const other = oldest.get(subject);
    if (!other || approval.created_at < other.created_at) oldest.set(subject, approval);
  }
  return oldest;
}

/** The open tickets in active columns by assignee, the last changed first. */
function activeTickets(cards: Iterable<Card>, categories: ReadonlyMap<string, string>): ReadonlyMap<string, Card[]> {
  const held = new Map<string, Card[]>();
  for (const card of cards) {
    const { assigned_agent_id: id, is_resolved, status } = card;
    if (!id || is_resolved || categories.get(status) !== "active") continue;
    const others = held.get(id);
    if (others) others.push(card);
    else held.set(id, [card]);
  }
  for (const tickets of held.values()) tickets.sort((a, b) => compareTexts(b.updated_at, a.updated_at));
  return held;
}

function compareTexts(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

export function sameLane(a: Lane, b: Lane): boolean {
  return (Object.keys(a) as (keyof Lane)[]).every((field) => a[field] === b[field]);
}
