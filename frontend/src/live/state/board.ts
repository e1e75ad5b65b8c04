/**
 * The state of a board, and the pure functions that apply events to it. `streams` delivers the events to `applyEvents`
 * in order and without gaps; nothing here depends on how they arrive.
 */
import type {
  BoardConfig,
  BoardSnapshot,
  Card,
  JobSummary,
  LiveEvent,
  Milestone,
  TicketPage,
  Workflow,
} from "@/api/types";
import { type OpenJobs, openJobs, selectJobByTicket, withJobEvent } from "./jobs";
import { type LeftOut, leftOutOf } from "./left-out";

export interface BoardState {
  readonly epoch: string;
  readonly seq: number;
  readonly workflow: Workflow;
  readonly config: BoardConfig;
  readonly milestones: ReadonlyMap<string, Milestone>;
  readonly cards: ReadonlyMap<string, Card>;
  /** Ticket ids by column, in display order. */
  readonly order: ReadonlyMap<string, readonly string[]>;
  /** What is left out of done columns. */
  readonly leftOut: ReadonlyMap<string, LeftOut>;
  readonly jobs: OpenJobs;
  /** The job shown on each ticket's card. */
  readonly jobByTicket: ReadonlyMap<string, JobSummary>;
}

/** Whether the user may create and change tickets. Only a hint for the UI; the server authorizes each request. */
export function canEdit({ role, archived_at, ticket_tracking }: Workflow): boolean {
  return role !== "viewer" && !archived_at && ticket_tracking;
}

/** The order within a column: rank in byte order, then number. Ranks are ASCII, so comparing code units is enough. */
export function compareCards(a: Card, b: Card): number {
  if (a.rank !== b.rank) return a.rank < b.rank ? -1 : 1;
  return a.number - b.number;
}

export function boardFrom(snapshot: BoardSnapshot): BoardState {
  const cards = new Map(snapshot.tickets.map((card) => [card.ticket_id, card]));
  const columns = new Map<string, Card[]>();
  for (const card of snapshot.tickets) {
    const column = columns.get(card.status);
    if (column) column.push(card);
    else columns.set(card.status, [card]);
  }
  const order = new Map<string, readonly string[]>();
  for (const [status, column] of columns)
    order.set(
      status,
      column.sort(compareCards).map((card) => card.ticket_id),
    );
  const { epoch, seq, workflow, board_config: config } = snapshot;
  const jobs = openJobs(snapshot.jobs);
  const leftOut = leftOutOf(snapshot);
  const jobByTicket = selectJobByTicket(jobs);
  const milestones = new Map(snapshot.milestones?.map((milestone) => [milestone.milestone_id, milestone]));
  return { epoch, seq, workflow, config: sorted(config), milestones, cards, order, leftOut, jobs, jobByTicket };
}

/** The board with more of the tickets that it left out of a column. */
export function withOlder(board: BoardState, status: string, page: TicketPage): BoardState {
  const held = board.leftOut.get(status);
  if (!held) return board;
  const draft = new Draft(board);
  const fresh = page.tickets.filter((card) => card.status === status && !board.cards.has(card.ticket_id));
  for (const card of fresh) draft.put(cardOf(card));
  const leftOut = new Map(board.leftOut);
  if (page.next_cursor === null) leftOut.delete(status);
  else leftOut.set(status, { ...held, count: Math.max(held.count - fresh.length, 0), cursor: page.next_cursor });
  return { ...draft.finish(), leftOut };
}

/** The number of tickets in a column, with those that are left out. */
export function columnTotal({ order, leftOut }: BoardState, status: string): number {
  return (order.get(status)?.length ?? 0) + (leftOut.get(status)?.count ?? 0);
}

/** Applies events that follow the board without a gap. Idempotent: events up to the board's seq are skipped. */
export function applyEvents(board: BoardState, events: readonly LiveEvent[]): BoardState {
  const draft = new Draft(board);
  for (const event of events) {
    if (event.seq <= draft.seq) continue;
    draft.seq = event.seq;
    applyOne(draft, event);
  }
  return draft.finish();
}

export function applyEvent(board: BoardState, event: LiveEvent): BoardState {
  return applyEvents(board, [event]);
}

/** The board with patches applied to some cards, for optimistic updates. */
export function withPatches(board: BoardState, patches: ReadonlyMap<string, Partial<Card>>): BoardState {
  if (patches.size === 0) return board;
  const draft = new Draft(board);
  for (const [id, patch] of patches) draft.patch(id, patch);
  return draft.finish();
}

/** Whether a card's status is not a column, which means that the columns changed in a way no event described. */
export function hasOrphanedCards(board: BoardState): boolean {
  const columns = new Set(board.config.columns.map((column) => column.id));
  for (const [status, ids] of board.order) if (ids.length > 0 && !columns.has(status)) return true;
  return false;
}

/** Whether an event returns an unmerged ticket to the board without carrying its card. */
export function restoresUnknownCard(board: BoardState, { ticket_id, data }: LiveEvent): boolean {
  return data.changes?.merged_into_ticket_id === null && ticket_id !== null && !board.cards.has(ticket_id);
}

function applyOne(draft: Draft, event: LiveEvent): void {
  const { data } = event;
  draft.jobs = withJobEvent(draft.jobs, event);
  if (data.board_config) draft.config = sorted(data.board_config);
  if (data.milestone) draft.setMilestone(data.milestone, event.type === "milestone_deleted");
  if (isRecord(data.workflow)) draft.workflow = { ...draft.workflow, ...(data.workflow as Partial<Workflow>) };
  if (!event.ticket_id) return;
  if (event.type === "ticket_deleted" || event.type === "deleted") {
    draft.remove(event.ticket_id);
    return;
  }
  // Merged tickets are not shown on boards.
  if (data.changes?.merged_into_ticket_id ?? data.ticket?.merged_into_ticket_id) {
    draft.remove(event.ticket_id);
    return;
  }
  if (data.ticket) draft.put(cardOf(data.ticket));
  if (data.changes) draft.patch(event.ticket_id, data.changes);
}

function cardOf({ description: _, ...card }: Card & { description?: string }): Card {
  return card;
}

function sorted(config: BoardConfig): BoardConfig {
  return { ...config, columns: [...config.columns].sort((a, b) => a.order - b.order) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A copy-on-write draft: a batch of events copies the card map once, and each changed column once. */
class Draft {
  seq: number;
  config: BoardConfig;
  workflow: Workflow;
  jobs: OpenJobs;
  private milestones: ReadonlyMap<string, Milestone>;
  private cards: Map<string, Card> | null = null;
  private order: Map<string, readonly string[]> | null = null;
  private readonly copied = new Map<string, string[]>();

  constructor(private readonly base: BoardState) {
    this.seq = base.seq;
    this.config = base.config;
    this.workflow = base.workflow;
    this.jobs = base.jobs;
    this.milestones = base.milestones;
  }

  setMilestone(milestone: Milestone, deleted: boolean): void {
    const milestones = new Map(this.milestones);
    if (deleted) milestones.delete(milestone.milestone_id);
    else milestones.set(milestone.milestone_id, milestone);
    this.milestones = milestones;
  }

  put(card: Card): void {
    this.remove(card.ticket_id);
    this.write().set(card.ticket_id, card);
    this.addToColumn(card);
  }

  patch(id: string, changes: Partial<Card>): void {
    const old = this.read().get(id);
    if (!old) return;
    const known = Object.entries(changes).filter(([field]) => field in old);
    const card = { ...old, ...(Object.fromEntries(known) as Partial<Card>) };
    const moved = card.status !== old.status || compareCards(card, old) !== 0;
    if (moved) this.removeFromColumn(old);
    this.write().set(id, card);
    if (moved) this.addToColumn(card);
  }

  remove(id: string): void {
    const old = this.read().get(id);
    if (!old) return;
    this.removeFromColumn(old);
    this.write().delete(id);
  }

  finish(): BoardState {
    const { base, seq, config, workflow, jobs, milestones } = this;
    if (seq === base.seq && !this.cards && !this.order && config === base.config && workflow === base.workflow) {
      return base;
    }
    const jobByTicket = jobs === base.jobs ? base.jobByTicket : selectJobByTicket(jobs);
    const order = this.order ?? base.order;
    return { ...base, seq, config, workflow, milestones, cards: this.read(), order, jobs, jobByTicket };
  }

  private read(): ReadonlyMap<string, Card> {
    return this.cards ?? this.base.cards;
  }

  private write(): Map<string, Card> {
    this.cards ??= new Map(this.base.cards);
    return this.cards;
  }

  private column(status: string): string[] {
    let ids = this.copied.get(status);
    if (!ids) {
      this.order ??= new Map(this.base.order);
      ids = [...(this.order.get(status) ?? [])];
      this.copied.set(status, ids);
      this.order.set(status, ids);
    }
    return ids;
  }

  private addToColumn(card: Card): void {
    const ids = this.column(card.status);
    ids.splice(this.indexFor(ids, card), 0, card.ticket_id);
  }

  private removeFromColumn(card: Card): void {
    const ids = this.column(card.status);
    const index = this.indexFor(ids, card);
    const at = ids[index] === card.ticket_id ? index : ids.indexOf(card.ticket_id);
    if (at >= 0) ids.splice(at, 1);
  }

  /** Binary search for the first index whose card does not sort before this one. */
  private indexFor(ids: readonly string[], card: Card): number {
    const cards = this.read();
    let low = 0;
    let high = ids.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = cards.get(ids[middle] as string);
      if (other && compareCards(other, card) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
