/**
 * Decisions about approvals are held for ten seconds before they are sent, wherever they are made, so that a mistyped key
 * decides nothing. None is lost: they are kept outside of the pages and in this browser's storage, and are sent when the page
 * is closed, when the user signs out, or at the next start.
 */
import { approvals, explain, Problem, session } from "@/api";
import { randomId } from "@/api/random-id";
import type { Approval, Decision, DecisionInput } from "@/api/types";
import { type HeldDecision, HOLD_MS, heldStorage, isOutcomeOf, settledMessage } from "./held-decision";

/** A page that was closed may still be sending; only then does another one send its decisions. */
const ADOPT_AFTER_MS = 3_000;
const RETRY_MS = 10_000;
/** Signing out waits no longer than this for the server. */
const SIGN_OUT_WAIT_MS = 5_000;

export type HeldOutcome =
  | { kind: "held" | "undone" | "refused" | "unsent"; held: HeldDecision }
  | { kind: "decided"; held: HeldDecision; approval: Approval };

export interface HeldDeps {
  send: (held: HeldDecision, closing: boolean) => Promise<Approval>;
  storage: typeof heldStorage;
}

export class HeldDecisions {
  private userId: string | null = null;
  private held: readonly HeldDecision[] = [];
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();
  private readonly adoptions = new Set<ReturnType<typeof setTimeout>>();
  private readonly listeners = new Set<() => void>();
  private readonly outcomeListeners = new Set<(outcome: HeldOutcome) => void>();

  constructor(private readonly deps: HeldDeps) {}

  readonly get = (): readonly HeldDecision[] => this.held;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Tells what becomes of each decision. */
  onOutcome(listener: (outcome: HeldOutcome) => void): () => void {
    this.outcomeListeners.add(listener);
    return () => this.outcomeListeners.delete(listener);
  }

  /** Whose decisions are held. Sends what an earlier page of this user has left. Null when nobody is signed in. */
  setUser(userId: string | null): void {
    if (userId === this.userId) return;
    for (const timer of [...this.timers.values(), ...this.adoptions]) clearTimeout(timer);
    this.timers.clear();
    this.adoptions.clear();
    this.userId = userId;
    this.update([]);
    if (userId) for (const stored of this.deps.storage.list(userId)) this.adoptLater(stored);
  }

  /** Holds a decision; one about the same approval is replaced, unless it is on its way already. */
  hold(approval: Approval, decision: Decision, input: DecisionInput = {}): void {
    if (this.find(approval.id)?.state === "sending") return;
    const { id, workflow_id, kind, question, ticket_key } = approval;
    const held: HeldDecision = {
      approval: { id, workflow_id, kind, question, ticket_key },
      decision,
      input,
      key: randomId(),
      due: Date.now() + HOLD_MS,
      state: "waiting",
    };
    this.put(held);
    this.sendAfter(held, HOLD_MS);
    this.tell({ kind: "held", held });
  }

  /** Takes a decision back: the given one, or the last. */
  undo(approvalId = this.lastId()): void {
    const held = this.find(approvalId);
    if (!held || held.state === "sending" || held.state === "refused") return;
    this.remove(held);
    this.tell({ kind: "undone", held });
  }

  /** Sends a decision at once: the given one, or the last. */
  sendNow(approvalId = this.lastId()): void {
    const held = this.find(approvalId);
    if (held && isUnsettled(held)) void this.send(held);
  }

  /** Forgets a refused decision, once the user has read about it. */
  dismiss(approvalId: string): void {
    const held = this.find(approvalId);
    if (held?.state === "refused") this.remove(held);
  }

  /** Sends everything, for when the page is closed. What does not arrive is sent at the next start. */
  sendBeforeClosing(): void {
    for (const held of this.held.filter(isUnsettled)) {
      if (this.userId) this.deps.storage.put(this.userId, { ...held, due: Date.now() });
      void this.send(held, true);
    }
  }

  /** Sends everything, also what other pages hold, while the user is still signed in. */
  async sendBeforeSigningOut(): Promise<void> {
    if (!this.userId) return;
    for (const stored of this.deps.storage.list(this.userId)) this.adopt(stored);
    const all = Promise.all(this.held.filter(isUnsettled).map((held) => this.send(held)));
    await Promise.race([all, new Promise((resolve) => setTimeout(resolve, SIGN_OUT_WAIT_MS))]);
  }

  /** Tries again what could not be sent. */
  retry(): void {
    for (const held of this.held) if (held.state === "unsent") void this.send(held);
  }

  /** Tells that an approval has changed: a held decision about one that is settled will not be carried out. */
  noticeSettled(approval: Approval): void {
    const held = this.find(approval.id);
    if (!held || !isUnsettled(held) || approval.status === "pending") return;
    // Another page of this user has sent it.
    if (approval.decided_by === this.userId && isOutcomeOf(approval, held)) this.finish(held, approval);
    else this.refuse(held, settledMessage(approval));
  }

  private async send(held: HeldDecision, closing = false): Promise<void> {
    this.stopTimer(held);
    this.put({ ...held, state: "sending", message: undefined }, !closing);
    try {
      this.finish(held, await this.deps.send(held, closing));
    } catch (error) {
      // A page of another user must not show it, and it stays in the storage of this one.
      if (!this.find(held.approval.id)) return;
      if (error instanceof Problem && !error.retryable && error.status !== 401) this.refuse(held, explain(error));
      else this.keepUnsent(held, explain(error));
    }
  }

  private finish(held: HeldDecision, approval: Approval): void {
    this.remove(held);
    this.tell({ kind: "decided", held, approval });
  }

  private refuse(held: HeldDecision, message: string): void {
    this.stopTimer(held);
    const refused: HeldDecision = { ...held, state: "refused", message };
    this.put(refused);
    this.tell({ kind: "refused", held: refused });
  }

  private keepUnsent(held: HeldDecision, message: string): void {
    const unsent: HeldDecision = { ...held, state: "unsent", message };
    this.put(unsent);
    this.sendAfter(unsent, RETRY_MS);
    if (held.state !== "unsent") this.tell({ kind: "unsent", held: unsent });
  }

  /** Takes over a decision of a page that is gone. One that was held by an open page is no longer stored by then. */
  private adoptLater(stored: HeldDecision): void {
    const timer = setTimeout(
      () => {
        this.adoptions.delete(timer);
        const now = this.userId && this.deps.storage.get(this.userId, stored.approval.id);
        if (now && now.key === stored.key) this.adopt(now);
      },
      stored.state === "refused" ? 0 : Math.max(0, stored.due + ADOPT_AFTER_MS - Date.now()),
    );
    this.adoptions.add(timer);
  }

  private adopt(stored: HeldDecision): void {
    if (this.find(stored.approval.id)) return;
    const held: HeldDecision = stored.state === "refused" ? stored : { ...stored, state: "unsent" };
    this.update([...this.held, held]);
    if (held.state === "unsent") void this.send(held);
  }

  private sendAfter(held: HeldDecision, delay: number): void {
    this.stopTimer(held);
    this.timers.set(
      held.approval.id,
      setTimeout(() => this.sendNow(held.approval.id), delay),
    );
  }

  private stopTimer({ approval }: HeldDecision): void {
    clearTimeout(this.timers.get(approval.id));
    this.timers.delete(approval.id);
  }

  private find(approvalId: string | undefined): HeldDecision | undefined {
    return this.held.find(({ approval }) => approval.id === approvalId);
  }

  private lastId(): string | undefined {
    return this.held.findLast(isUnsettled)?.approval.id;
  }

  /** Puts a decision at the place of an earlier one about the same approval, or last. */
  private put(held: HeldDecision, store = true): void {
    const known = this.find(held.approval.id) !== undefined;
    this.update(
      known ? this.held.map((other) => (other.approval.id === held.approval.id ? held : other)) : [...this.held, held],
    );
    if (store && this.userId) this.deps.storage.put(this.userId, held);
  }

  private remove(held: HeldDecision): void {
    this.stopTimer(held);
    this.update(this.held.filter(({ approval }) => approval.id !== held.approval.id));
    if (this.userId) this.deps.storage.remove(this.userId, held);
  }

  private update(held: readonly HeldDecision[]): void {
    this.held = held;
    for (const listener of this.listeners) listener();
  }

  private tell(outcome: HeldOutcome): void {
    for (const listener of this.outcomeListeners) listener(outcome);
  }
}

/** Whether it may still be undone or sent. */
const isUnsettled = ({ state }: HeldDecision): boolean => state === "waiting" || state === "unsent";

export const heldDecisions = new HeldDecisions({
  send: ({ approval, decision, input, key }, closing) =>
    approvals.decide(approval.id, decision, input, { key, keepalive: closing }),
  storage: heldStorage,
});

function followSession(): void {
  const state = session.get();
  if (state.status === "signed-in") heldDecisions.setUser(state.user.id);
  else if (state.status === "signed-out") heldDecisions.setUser(null);
}
followSession();
session.subscribe(followSession);
session.onSigningOut(() => heldDecisions.sendBeforeSigningOut());
globalThis.addEventListener?.("pagehide", () => heldDecisions.sendBeforeClosing());
globalThis.addEventListener?.("online", () => heldDecisions.retry());
