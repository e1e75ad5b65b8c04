/**
 * Whether what the page shows may be out of date, and since when. While the socket or polling works, it is not. Where no
 * stream is open, a request to the server decides. An interruption that ends at once is not worth telling.
 */
import type { LiveStatus } from "./transport/connection";

export interface Outage {
  /** The last moment at which the page was known to be up to date, in milliseconds. */
  asOf: number;
}

export interface OutageDeps {
  status(): LiveStatus;
  onStatus(listener: () => void): () => void;
  /** The last moment at which every stream was known to be whole; null if none ever was. */
  wholeAt(): number | null;
  /** Whether the server answers. */
  probe(): Promise<boolean>;
}

const GRACE_MS = 2_000;
/** How long a sign counts: a dead socket is noticed some seconds later. */
const SUSPICION_MS = 10_000;
const PROBE_INTERVAL_MS = 4_000;

type Timer = ReturnType<typeof setTimeout>;

export class OutageWatch {
  private outage: Outage | null = null;
  private readonly listeners = new Set<() => void>();
  /** When the first sign of an interruption came. */
  private suspectedAt: number | null = null;
  private unreachable = false;
  private probing = false;
  private graceTimer: Timer | undefined;
  private probeTimer: Timer | undefined;

  constructor(private readonly deps: OutageDeps) {}

  get = (): Outage | null => this.outage;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Watches until the returned function is called. */
  start(): () => void {
    const stopStatus = this.deps.onStatus(() => this.evaluate());
    const suspect = () => this.suspect();
    window.addEventListener("offline", suspect);
    window.addEventListener("online", suspect);
    return () => {
      stopStatus();
      window.removeEventListener("offline", suspect);
      window.removeEventListener("online", suspect);
      clearTimeout(this.graceTimer);
      clearTimeout(this.probeTimer);
    };
  }

  /** Something hints at an interruption, such as a request without an answer. */
  suspect(): void {
    const now = Date.now();
    if (this.suspectedAt === null || now - this.suspectedAt >= SUSPICION_MS) this.suspectedAt = now;
    void this.probe();
  }

  private async probe(): Promise<void> {
    if (this.probing) return;
    this.probing = true;
    clearTimeout(this.probeTimer);
    this.unreachable = !(await this.deps.probe());
    this.probing = false;
    this.evaluate(true);
  }

  private evaluate(probed = false): void {
    const status = this.deps.status();
    const whole = status === "live" || status === "polling";
    const streamLost = status === "reconnecting" || status === "offline";
    if (whole) this.unreachable = false;
    // A page without streams does not notice the end of an outage, nor whether one that began before goes on.
    else if (!streamLost && this.outage && !this.unreachable && !this.probing && !probed) {
      this.unreachable = true;
      void this.probe();
      return;
    }
    clearTimeout(this.probeTimer);
    if (!streamLost && this.unreachable) this.probeTimer = setTimeout(() => void this.probe(), PROBE_INTERVAL_MS);
    if (streamLost || this.unreachable) this.begin(streamLost);
    else this.end();
  }

  private begin(streamLost: boolean): void {
    if (this.outage || this.graceTimer) return;
    const now = Date.now();
    const began = this.suspectedAt !== null && now - this.suspectedAt < SUSPICION_MS ? this.suspectedAt : now;
    const asOf = (streamLost ? this.deps.wholeAt() : null) ?? began;
    this.graceTimer = setTimeout(
      () => {
        this.graceTimer = undefined;
        this.set({ asOf });
      },
      Math.max(0, began + GRACE_MS - now),
    );
  }

  private end(): void {
    clearTimeout(this.graceTimer);
    this.graceTimer = undefined;
    this.set(null);
  }

  private set(outage: Outage | null): void {
    if (outage === this.outage) return;
    this.outage = outage;
    for (const listener of this.listeners) listener();
  }
}
