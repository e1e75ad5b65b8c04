/**
 * Optimistic moves. They are patches over the board instead of changes to it, so a rollback only removes the patch and
 * keeps every event applied in the meantime.
 */
import type { Card } from "@/api/types";
import type { BoardState } from "./board";

interface Entry {
  patch: Partial<Card>;
  /** The card's version when the move was sent; a higher one means that the server's change has arrived. */
  version: number;
  confirmed: boolean;
}

type Patches = ReadonlyMap<string, Partial<Card>>;
const NO_PATCHES: Patches = new Map();

export class OptimisticMoves {
  private entries = new Map<string, Entry>();
  private view: Patches = NO_PATCHES;
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

  /** The server accepted the move. The patch stays until the event of the move has been applied. */
  confirm(ticketId: string, board: BoardState | undefined): void {
    const entry = this.entries.get(ticketId);
    if (!entry) return;
    entry.confirmed = true;
    this.reconcile(board);
  }

  isPending(ticketId: string): boolean {
    return this.entries.has(ticketId);
  }

  /** Removes the patches whose events the board has applied. */
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
    this.view =
      this.entries.size === 0 ? NO_PATCHES : new Map([...this.entries].map(([id, entry]) => [id, entry.patch]));
    for (const listener of this.listeners) listener();
  }
}
