import { type RefObject, useCallback, useEffect, useRef, useState } from "react";
import type { Card } from "@/api/types";
import type { BoardState } from "@/live/state/board";
import { announce } from "@/ui/announcer";
import type { ChangeEntry } from "./board-changes";
import type { ColumnHandles } from "./past-columns";

interface Options {
  board: BoardState;
  shown: ReadonlyMap<string, readonly string[]>;
  collapsed: ReadonlySet<string>;
  toggleCollapsed: (columnId: string) => void;
  onChangesOpen: (open: boolean) => void;
}

export interface Selection {
  /** The highlighted ticket. */
  current: string | null;
  /** The card whose values are shown in the panel. */
  card: Card | undefined;
  /** Why the current ticket cannot be highlighted. */
  absent: string | null;
  handles: RefObject<ColumnHandles>;
  showTicket: (ticketId: string) => void;
  showEntry: (entry: ChangeEntry) => void;
  leaveTicket: () => void;
}

const BESIDE = "(min-width: 48rem)";

/** Which ticket of a past board is looked at: chosen on the board, or in the list of changes. */
export function useSelection(options: Options): Selection {
  const { board, shown } = options;
  const [current, setCurrent] = useState<string | null>(null);
  const [detailed, setDetailed] = useState(false);
  const handles = useRef<ColumnHandles>(new Map());
  const latest = useRef(options);
  useEffect(() => {
    latest.current = options;
  });

  const showTicket = useCallback((ticketId: string) => {
    setCurrent(ticketId);
    setDetailed(true);
    latest.current.onChangesOpen(true);
  }, []);

  const showEntry = useCallback(({ ticketId, key }: ChangeEntry) => {
    const { board, shown, collapsed, toggleCollapsed, onChangesOpen } = latest.current;
    setCurrent(ticketId);
    const card = board.cards.get(ticketId);
    const index = card ? (shown.get(card.status)?.indexOf(ticketId) ?? -1) : -1;
    if (!card || index < 0) {
      announce(`${key} is not on this board.`);
      return;
    }
    if (!window.matchMedia(BESIDE).matches) onChangesOpen(false);
    if (collapsed.has(card.status)) toggleCollapsed(card.status);
    // The column may be rendered only now, and rows are measured as they come into view.
    requestAnimationFrame(() => {
      handles.current.get(card.status)?.reveal(index);
      requestAnimationFrame(() => handles.current.get(card.status)?.reveal(index));
    });
    const column = board.config.columns.find(({ id }) => id === card.status)?.name ?? card.status;
    announce(`${key} is highlighted in ${column}.`);
  }, []);

  const leaveTicket = useCallback(() => setDetailed(false), []);

  const card = current === null ? undefined : board.cards.get(current);
  let absent: string | null = null;
  if (current !== null && !card) absent = "Not on the board of this moment.";
  else if (card && !shown.get(card.status)?.includes(card.ticket_id)) absent = "Hidden by the filters.";
  return {
    current,
    card: detailed ? card : undefined,
    absent,
    handles,
    showTicket,
    showEntry,
    leaveTicket,
  };
}
