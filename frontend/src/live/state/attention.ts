/** Which tickets of a board need somebody's attention, and why. Pure. */
import type { Card, Finding, JobSummary } from "@/api/types";
import type { BoardState } from "./board";
import type { Failure, Failures } from "./failures";

export interface Silence {
  readonly kind: "silent";
  readonly finding: Finding;
}

export interface WithoutWorker {
  readonly kind: "no_worker";
  readonly job: JobSummary;
}

/** A job of the ticket failed, no worker takes it, or the agent that has the ticket does nothing. */
export type Attention = Failure | WithoutWorker | Silence;
export type Attentions = ReadonlyMap<string, Attention>;

const NONE: Attentions = new Map();
/** An alarm is the same object as long as its reason is, so that cards with alarms keep their props. */
const withoutWorker = new WeakMap<JobSummary, WithoutWorker>();

function ofJob(job: JobSummary): WithoutWorker {
  let alarm = withoutWorker.get(job);
  if (!alarm) {
    alarm = { kind: "no_worker", job };
    withoutWorker.set(job, alarm);
  }
  return alarm;
}

/** By ticket: its newest failure first, then a job without a worker, then a silent agent. Finished tickets need nothing. */
export function attentionsOf(
  { cards, config, jobs }: Pick<BoardState, "cards" | "config" | "jobs">,
  failures: Failures | undefined,
  silences: ReadonlyMap<string, Silence> | undefined,
): Attentions {
  const categories = new Map(config.columns.map(({ id, category }) => [id, category]));
  const isOpen = (card: Card | undefined) =>
    card !== undefined && !card.is_resolved && categories.get(card.status) !== "done";
  const found = new Map<string, Attention>();
  for (const failure of failures?.values() ?? []) {
    const ticket = failure.job.ticket_id;
    if (!ticket || !isOpen(cards.get(ticket))) continue;
    const other = found.get(ticket);
    if (other?.kind !== "failed" || other.at < failure.at) found.set(ticket, failure);
  }
  for (const job of jobs.values()) {
    if (job.no_worker && job.ticket_id && !found.has(job.ticket_id) && isOpen(cards.get(job.ticket_id)))
      found.set(job.ticket_id, ofJob(job));
  }
  if (silences?.size) {
    for (const card of cards.values()) {
      const silence = card.assigned_agent_id ? silences.get(card.assigned_agent_id) : undefined;
      if (silence && !found.has(card.ticket_id) && !card.is_resolved && categories.get(card.status) === "active")
        found.set(card.ticket_id, silence);
    }
  }
  return found.size > 0 ? found : NONE;
}
