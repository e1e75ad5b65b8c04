/** Asks for events where no socket can be had: soon while things happen, seldom while they do not. */
import { Problem } from "@/api/problem";
import type { LiveRoom } from "../streams/board-room";
import { backoff } from "./protocol";

const SOONEST_MS = 2_000;
const SELDOM_MS = 15_000;

export interface PollerDeps {
  rooms(): Iterable<LiveRoom>;
  /** Whether the server answered. */
  answered(yes: boolean): void;
  /** The room is not there for us any more. */
  lose(room: string, reason: string): void;
}

export class Poller {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private quiet = 0;

  constructor(private readonly deps: PollerDeps) {}

  start(): void {
    this.timer ??= setTimeout(() => void this.poll(), SOONEST_MS);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.quiet = 0;
  }

  private async poll(): Promise<void> {
    let moved = false;
    let reached = true;
    try {
      for (const room of [...this.deps.rooms()]) moved = (await this.catchUp(room)) || moved;
    } catch {
      reached = false;
    }
    // Stopped while it was asking: a socket is back.
    if (!this.timer) return;
    this.deps.answered(reached);
    this.quiet = moved ? 0 : this.quiet + 1;
    this.timer = setTimeout(() => void this.poll(), backoff(this.quiet, Math.random, SOONEST_MS, SELDOM_MS));
  }

  private async catchUp(room: LiveRoom): Promise<boolean> {
    try {
      return (await room.catchUp()) > 0;
    } catch (error) {
      if (!(error instanceof Problem) || (error.status !== 403 && error.status !== 404)) throw error;
      this.deps.lose(room.name, error.message);
      return false;
    }
  }
}
