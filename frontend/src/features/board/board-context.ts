import { createContext, useContext } from "react";
import type { NameOf } from "@/api/hooks";
import type { Card, Column, JobSummary, Milestone, TicketType } from "@/api/types";

/** Values shared by all cards and columns. They change rarely, so memoized cards do not render again on each event. */
export interface BoardShared {
  columns: readonly Column[];
  types: ReadonlyMap<string, TicketType>;
  milestones: ReadonlyMap<string, Milestone>;
  /** The day that it is in the workflow's time zone. */
  today: string;
  nameOf: NameOf;
  editable: boolean;
  open: (ticketId: string) => void;
  openJob: (jobId: string) => void;
  /** Null where jobs are only looked at. */
  retryJob: ((job: JobSummary) => Promise<void>) | null;
  /** Null where cards have no menu. */
  showMenu: ((card: Card, anchor: HTMLElement) => void) | null;
  /** Loads the next older tickets of a done column. */
  showOlder: (columnId: string) => Promise<void>;
}

export const BoardContext = createContext<BoardShared | null>(null);

export function useBoardShared(): BoardShared {
  const shared = useContext(BoardContext);
  if (!shared) throw new Error("useBoardShared must be used inside a BoardContext");
  return shared;
}
