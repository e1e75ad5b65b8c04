import { useRouter } from "@tanstack/react-router";
import { useCallback, useRef } from "react";

declare module "@tanstack/react-router" {
  interface HistoryState {
    /** How many entries lie between a ticket and the page over which it was opened. */
    ticketDepth?: number;
  }
}

interface TicketHistory {
  /** The state of the entry of a ticket that is opened now. */
  stepIn: () => { ticketDepth?: number };
  /** Leaves the tickets for the page below. `replace` is for when the history does not lead there. */
  leave: (replace: () => void) => void;
}

/**
 * Closing a ticket goes back to the entry from which it was opened, so that Back does not open it again. Where that entry is
 * unknown, as for a ticket opened by its URL or after the page's filter changed, the ticket's entry is replaced.
 */
export function useTicketHistory(ticketId: string | undefined): TicketHistory {
  const router = useRouter();
  // Going back takes a moment, in which a second Escape must not leave the page.
  const leaving = useRef<unknown>(null);
  const stepIn = useCallback(() => {
    const depth = router.state.location.state.ticketDepth;
    if (!ticketId) return { ticketDepth: 1 };
    return depth === undefined ? {} : { ticketDepth: depth + 1 };
  }, [router, ticketId]);
  const leave = useCallback(
    (replace: () => void) => {
      const { state } = router.state.location;
      if (leaving.current === state) return;
      leaving.current = state;
      if (state.ticketDepth === undefined) replace();
      else router.history.go(-state.ticketDepth);
    },
    [router],
  );
  return { stepIn, leave };
}
