/** Positions in a stream. */
import { Problem } from "@/api/problem";
import type { EventPage } from "@/api/types";

export interface StreamCursor {
  epoch: string;
  seq: number;
}

/** The end of a stream, read from the first page of its events. */
export async function currentCursor(firstPage: Promise<EventPage>): Promise<StreamCursor> {
  try {
    const { epoch, last_seq: seq } = await firstPage;
    return { epoch, seq };
  } catch (error) {
    // 410 means that the first events were pruned; the problem's body carries the cursor.
    if (error instanceof Problem && error.status === 410) {
      const { epoch, last_seq: seq } = error.body;
      if (typeof epoch === "string" && typeof seq === "number") return { epoch, seq };
    }
    throw error;
  }
}
