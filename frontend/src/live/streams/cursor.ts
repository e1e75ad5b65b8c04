/** Where a stream stands now, from the first page of its events, or from the refusal to give one. */
import { Problem } from "@/api/problem";
import type { EventPage } from "@/api/types";
import type { Position } from "./board-room";

export async function standing(page: Promise<EventPage>): Promise<Position> {
  try {
    const { epoch, last_seq: seq } = await page;
    return { epoch, seq };
  } catch (error) {
    // The first events were pruned: the refusal says where the stream is.
    if (error instanceof Problem && error.status === 410) {
      const { epoch, last_seq: seq } = error.body;
      if (typeof epoch === "string" && typeof seq === "number") return { epoch, seq };
    }
    throw error;
  }
}
