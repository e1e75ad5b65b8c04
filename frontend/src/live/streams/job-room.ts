/**
 * One job as it happens: its room, and its transcript as far as it was read. The newest page comes first, older ones
 * when they are asked for; what the room tells is put where it belongs, however late the pages arrive.
 */
import { Problem } from "@/api/problem";
import type { EventPage, Job, LiveEvent, Message, MessagePage } from "@/api/types";
import { type Transcript, withMessages, withoutMessage } from "../state/transcript";
import type { Position } from "./board-room";
import { Feed } from "./feed";

export interface JobRoomDeps {
  fetchEvents(since: number, epoch: string): Promise<EventPage>;
  fetchPosition(): Promise<Position>;
  fetchBefore(order: number | undefined, limit: number): Promise<MessagePage>;
  fetchAfter(order: number, limit: number): Promise<MessagePage>;
  /** What happened, for the other caches. */
  commit(events: readonly LiveEvent[]): void;
  /** The job as it is now; null where it has to be read anew. */
  present(job: Job | null): void;
}

export interface JobView extends Transcript {
  readonly state: "loading" | "ready" | "failed";
  readonly error: unknown;
  /** Older lines are on their way. */
  readonly reading: boolean;
  /** The orders at which the pages that were read begin: what is drawn of a page does not change with older ones. */
  readonly starts: ReadonlySet<number>;
}

const PAGE = 100;
const CATCH_UP_PAGE = 200;

export const NO_VIEW: JobView = {
  messages: [],
  hasEarlier: false,
  state: "loading",
  error: null,
  reading: false,
  starts: new Set(),
};

export class JobRoom {
  readonly feed: Feed;
  private view: JobView = NO_VIEW;
  private readonly listeners = new Set<() => void>();
  /** Told to be gone; a page that was read before may still bring them. */
  private readonly gone = new Set<string>();
  private closed = false;

  constructor(
    readonly jobId: string,
    private readonly deps: JobRoomDeps,
  ) {
    this.feed = new Feed(`job:${jobId}`, null, {
      fetchEvents: (since, epoch) => deps.fetchEvents(since, epoch),
      fetchPosition: () => deps.fetchPosition(),
      commit: (events) => this.take(events),
      begin: (_, message) => {
        deps.present(message?.job ?? null);
        void this.catchUp();
      },
    });
    void this.load();
  }

  get = (): JobView => this.view;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  close(): void {
    this.closed = true;
    this.feed.close();
  }

  /** The newest page. */
  async load(): Promise<void> {
    this.become({ state: this.view.state === "failed" ? "loading" : this.view.state });
    try {
      this.putPage(await this.deps.fetchBefore(undefined, PAGE));
      this.become({ state: "ready", error: null });
    } catch (error) {
      this.become({ state: "failed", error });
    }
  }

  /** The page before what is here. */
  async earlier(): Promise<void> {
    const first = this.view.messages[0];
    if (!first || !this.view.hasEarlier || this.view.reading) return;
    this.become({ reading: true });
    try {
      this.putPage(await this.deps.fetchBefore(first.order, PAGE));
    } finally {
      this.become({ reading: false });
    }
  }

  /** A line of one's own, which the room will tell as well. */
  add(message: Message): void {
    this.put([message]);
  }

  remove(id: string): void {
    this.gone.add(id);
    this.become(withoutMessage(this.view, id));
  }

  private take(events: readonly LiveEvent[]): void {
    const lines: Message[] = [];
    for (const { type, data } of events) {
      if (type === "job_message" && isLine(data.message)) lines.push(data.message);
      if (type === "job_message_deleted" && typeof data.message_id === "string") this.remove(data.message_id);
    }
    this.put(lines);
    this.deps.commit(events);
  }

  /** What was said between the newest line here and the place where the room began. */
  private async catchUp(): Promise<void> {
    try {
      while (this.view.state === "ready" && !this.closed) {
        const last = this.view.messages[this.view.messages.length - 1];
        const page = await this.deps.fetchAfter(last?.order ?? 0, CATCH_UP_PAGE);
        this.put(page.messages);
        if (!page.has_more || page.messages.length === 0) return;
      }
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      // The next event or page will bring it; what is here stays.
    }
  }

  private putPage({ messages, has_more }: MessagePage): void {
    const [first] = messages;
    if (first) this.become({ starts: new Set(this.view.starts).add(first.order) });
    this.put(messages, has_more);
  }

  private put(lines: readonly Message[], hasEarlier?: boolean): void {
    const kept = lines.filter(({ message_id }) => !this.gone.has(message_id));
    const next = withMessages(this.view, kept, hasEarlier);
    if (next !== this.view) this.become(next);
  }

  private become(change: Partial<JobView>): void {
    if (this.closed) return;
    this.view = { ...this.view, ...change };
    for (const listener of this.listeners) listener();
  }
}

/** Lines that were deleted since are told by their id alone. */
function isLine(message: unknown): message is Message {
  return typeof message === "object" && message !== null && "content" in message;
}
