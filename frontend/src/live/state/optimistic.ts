/**
 * Moves that are drawn before the server has answered. They lie over the board instead of being written into it, so
 * taking one back is forgetting it, whatever else has happened to the board meanwhile.
 */
import type { Card } from "@/api/types";
import type { BoardState } from "./board";

interface Entry {
  patch: Partial<Card>;
  /** The card's version when the change was sent: a later one is the server's own word. */
  version: number;
  confirmed: boolean;
}

type Patches = ReadonlyMap<string, Partial<Card>>;
const NONE: Patches = new Map();

export class Optimistic {
  private entries = new Map<string, Entry>();
  private view: Patches = NONE;
  private readonly listeners = new Set<() => void>();

  get = (): Patches => this.view;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  begin(card: Card, patch: Partial<Card>): void {
    this.entries.set(card.ticket_id, { patch, version: card.version, confirmed: false });
    this.publish();
  }

  rollBack(ticketId: string): void {
    if (this.entries.delete(ticketId)) this.publish();
  }

  /** The server accepted it. The patch stays until the event that tells the new place has been applied. */
  confirm(ticketId: string, board: BoardState | undefined): void {
    const entry = this.entries.get(ticketId);
    if (!entry) return;
    entry.confirmed = true;
    this.reconcile(board);
  }

  waiting(ticketId: string): boolean {
    return this.entries.has(ticketId);
  }

  /** After events were applied: patches the board has caught up with go. */
  reconcile(board: BoardState | undefined): void {
    let changed = false;
    for (const [id, entry] of this.entries) {
      const card = board?.cards.get(id);
      if (!card || (entry.confirmed && card.version > entry.version)) {
        this.entries.delete(id);
        changed = true;
      }
    }
    if (changed) this.publish();
  }

  private publish(): void {
    this.view = this.entries.size === 0 ? NONE : new Map([...this.entries].map(([id, entry]) => [id, entry.patch]));
    for (const listener of this.listeners) listener();
  }
}
