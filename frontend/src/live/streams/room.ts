/** What the transport needs from a room, and what the owner of a room needs from the transport. */
import type { BoardSnapshot, Job, LiveEvent } from "@/api/types";
import type { StreamCursor } from "./cursor";

/** Sent by the server to a room that cannot resume. Workflow rooms get the board, job rooms the job. */
export interface RoomSnapshot extends StreamCursor {
  board?: BoardSnapshot;
  job?: Job;
}

export interface Room {
  readonly name: string;
  /** Where to resume; null requests a snapshot. */
  readonly cursor: StreamCursor | null;
  /** Takes events in any order, duplicates included. */
  receive(events: readonly LiveEvent[]): void;
  restart(snapshot: RoomSnapshot): void;
  /** Fetches the events after the cursor; resolves to the number of new ones. */
  catchUp(): Promise<number>;
}

export interface RoomRegistry {
  join(room: Room): void;
  leave(room: Room): void;
}
