import { createContext, useContext } from "react";
import type { NameOf } from "@/api/hooks";
import type { Card, Column, TicketType } from "@/api/types";

/** What every card and column needs besides itself. Changes rarely, so that cards stay still while the board moves. */
export interface BoardShared {
  columns: readonly Column[];
  types: ReadonlyMap<string, TicketType>;
  nameOf: NameOf;
  editable: boolean;
  open: (ticketId: string) => void;
  openJob: (jobId: string) => void;
  showMenu: (card: Card, anchor: HTMLElement) => void;
}

export const BoardContext = createContext<BoardShared | null>(null);

export function useBoardShared(): BoardShared {
  const shared = useContext(BoardContext);
  if (!shared) throw new Error("a board part is used outside of a board");
  return shared;
}
