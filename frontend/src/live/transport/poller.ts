/** Polls for events while no socket can be opened; the interval grows while nothing changes. */
import { Problem } from "@/api/problem";
import type { Room } from "../streams/room";
import { backoff } from "./backoff";

const MIN_INTERVAL_MS = 2_000;
const MAX_INTERVAL_MS = 15_000;

export interface PollerDeps {
  rooms(): Iterable<Room>;
  /** Called after each round with whether the server answered. */
  onPolled(reachable: boolean): void;
  /** The server no longer grants access to a room. */
  onRevoked(room: string, reason: string): void;
}

export class Poller {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private idleRounds = 0;

  constructor(private readonly deps: PollerDeps) {}

  start(): void {
    this.timer ??= setTimeout(() => void this.poll(), MIN_INTERVAL_MS);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.idleRounds = 0;
  }

  private async poll(): Promise<void> {
    let changed = false;
    let reachable = true;
    try {
      for (const room of [...this.deps.rooms()]) changed = (await this.catchUp(room)) || changed;
    } catch {
      reachable = false;
    }
    // Stopped during the round: a socket is open again.
    if (!this.timer) return;
    this.deps.onPolled(reachable);
    this.idleRounds = changed ? 0 : this.idleRounds + 1;
    const delay = backoff(this.idleRounds, Math.random, MIN_INTERVAL_MS, MAX_INTERVAL_MS);
    this.timer = setTimeout(() => void this.poll(), delay);
  }

  private async catchUp(room: Room): Promise<boolean> {
    try {
      return (await room.catchUp()) > 0;
    } catch (error) {
      if (!(error instanceof Problem) || (error.status !== 403 && error.status !== 404)) throw error;
      this.deps.onRevoked(room.name, error.message);
      return false;
    }
  }
}
