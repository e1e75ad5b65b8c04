/**
 * A job's room, with the part of the transcript that has been loaded. The newest page is loaded first, older ones on
 * request. Messages from the room are merged by their order, so a page may arrive later than the events after it.
 */
import { Problem } from "@/api/problem";
import type { EventPage, Job, LiveEvent, Message, MessagePage } from "@/api/types";
import { type Transcript, withMessages, withoutMessage } from "../state/transcript";
import type { StreamCursor } from "./cursor";
import { Feed } from "./feed";

export interface JobRoomDeps {
  fetchEvents(since: number, epoch: string): Promise<EventPage>;
  fetchCursor(): Promise<StreamCursor>;
  fetchBefore(order: number | undefined, limit: number): Promise<MessagePage>;
  fetchAfter(order: number, limit: number): Promise<MessagePage>;
  /** All events of the room, for the caches that live elsewhere. */
  onEvents(events: readonly LiveEvent[]): void;
  /** The current job from a snapshot; null when it must be fetched. */
  onJob(job: Job | null): void;
}

export interface JobView extends Transcript {
  readonly state: "loading" | "ready" | "failed";
  readonly error: unknown;
  readonly loadingEarlier: boolean;
  /** The order of the first message of each loaded page. No block spans two pages, so loading a page changes no other. */
  readonly pageStarts: ReadonlySet<number>;
}

const PAGE_SIZE = 100;
const CATCH_UP_PAGE_SIZE = 200;

export const EMPTY_VIEW: JobView = {
  messages: [],
  hasEarlier: false,
  state: "loading",
  error: null,
  loadingEarlier: false,
  pageStarts: new Set(),
};

export class JobRoom {
  readonly feed: Feed;
  private view: JobView = EMPTY_VIEW;
  private readonly listeners = new Set<() => void>();
  /** Ids of deleted messages, because a page requested before the deletion may still contain them. */
  private readonly deleted = new Set<string>();
  private closed = false;

  constructor(
    readonly jobId: string,
    private readonly deps: JobRoomDeps,
  ) {
    this.feed = new Feed(`job:${jobId}`, null, {
      fetchEvents: (since, epoch) => deps.fetchEvents(since, epoch),
      fetchCursor: () => deps.fetchCursor(),
      onEvents: (events) => this.applyEvents(events),
      onRestart: (_, snapshot) => {
        deps.onJob(snapshot?.job ?? null);
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

  /** Loads the newest page. */
  async load(): Promise<void> {
    this.update({ state: this.view.state === "failed" ? "loading" : this.view.state });
    try {
      this.addPage(await this.deps.fetchBefore(undefined, PAGE_SIZE));
      this.update({ state: "ready", error: null });
    } catch (error) {
      this.update({ state: "failed", error });
    }
  }

  /** Loads the page before the first loaded message. */
  async loadEarlier(): Promise<void> {
    const first = this.view.messages[0];
    if (!first || !this.view.hasEarlier || this.view.loadingEarlier) return;
    this.update({ loadingEarlier: true });
    try {
      this.addPage(await this.deps.fetchBefore(first.order, PAGE_SIZE));
    } finally {
      this.update({ loadingEarlier: false });
    }
  }

  /** Adds a message posted from here before its event arrives. */
  add(message: Message): void {
    this.merge([message]);
  }

  remove(id: string): void {
    this.deleted.add(id);
    this.update(withoutMessage(this.view, id));
  }

  private applyEvents(events: readonly LiveEvent[]): void {
    const messages: Message[] = [];
    for (const { type, data } of events) {
      if (type === "job_message" && isMessage(data.message)) messages.push(data.message);
      if (type === "job_message_deleted" && typeof data.message_id === "string") this.remove(data.message_id);
    }
    this.merge(messages);
    this.deps.onEvents(events);
  }

  /** Fetches the messages between the newest loaded one and the cursor where the feed started. */
  private async catchUp(): Promise<void> {
    try {
      // Without a connection, the first page may not have come.
      if (this.view.state === "failed") await this.load();
      while (this.view.state === "ready" && !this.closed) {
        const last = this.view.messages[this.view.messages.length - 1];
        const page = await this.deps.fetchAfter(last?.order ?? 0, CATCH_UP_PAGE_SIZE);
        this.merge(page.messages);
        if (!page.has_more || page.messages.length === 0) return;
      }
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      // The loaded messages stay; a later event or page brings the missing ones.
    }
  }

  private addPage({ messages, has_more }: MessagePage): void {
    const [first] = messages;
    if (first) this.update({ pageStarts: new Set(this.view.pageStarts).add(first.order) });
    this.merge(messages, has_more);
  }

  private merge(messages: readonly Message[], hasEarlier?: boolean): void {
    const kept = messages.filter(({ message_id }) => !this.deleted.has(message_id));
    const next = withMessages(this.view, kept, hasEarlier);
    if (next !== this.view) this.update(next);
  }

  private update(change: Partial<JobView>): void {
    if (this.closed) return;
    this.view = { ...this.view, ...change };
    for (const listener of this.listeners) listener();
  }
}

/** Events of messages that were deleted since carry only the id. */
function isMessage(message: unknown): message is Message {
  return typeof message === "object" && message !== null && "content" in message;
}
