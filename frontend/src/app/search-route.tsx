import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import { useMoveCard } from "@/features/board/use-move-card";
import { SearchPage } from "@/features/search/search-page";
import type { SearchState } from "@/features/search/search-state";
import { lazyPart } from "@/ui/lazy-part";
import { useTicketHistory } from "./use-ticket-history";

const Drawer = lazyPart(async () => (await import("./drawer")).Drawer);

/** The search page, with the ticket drawer over it so that the results keep their scroll position. */
export function SearchRoute() {
  const { workflowId } = useParams({ from: "/inside/shell/w/$workflowId/search" });
  const state = useSearch({ from: "/inside/shell/w/$workflowId/search" });
  const { ticketId } = useParams({ strict: false }) as { ticketId?: string };
  const navigate = useNavigate();

  const setState = useCallback(
    (next: SearchState, step = false) => void navigate({ to: ".", search: next, replace: !step }),
    [navigate],
  );
  const { stepIn, leave } = useTicketHistory(ticketId);
  const open = useCallback(
    (id: string) =>
      void navigate({
        to: "/w/$workflowId/search/t/$ticketId",
        params: { workflowId, ticketId: id },
        search: true,
        state: stepIn(),
      }),
    [navigate, workflowId, stepIn],
  );
  const close = useCallback(
    () =>
      leave(() => void navigate({ to: "/w/$workflowId/search", params: { workflowId }, search: true, replace: true })),
    [navigate, workflowId, leave],
  );
  const moveCard = useMoveCard(workflowId, open);

  return (
    <div className="relative flex min-h-0 flex-1 overflow-hidden">
      <SearchPage
        key={workflowId}
        workflowId={workflowId}
        state={state}
        onState={setState}
        openTicketId={ticketId}
        onOpen={open}
      />
      {ticketId && (
        <Drawer
          key={ticketId}
          workflowId={workflowId}
          ticketId={ticketId}
          onOpen={open}
          onClose={close}
          onMove={moveCard}
        />
      )}
    </div>
  );
}
