import { useNavigate, useParams } from "@tanstack/react-router";
import { useCallback } from "react";
import type { SavedSearch } from "@/api/types";
import { MatchNotifications } from "@/features/search/match-notifications";
import { fromSavedSearch } from "@/features/search/search-state";

/** Mounts saved-search notifications on every page of a workflow. */
export function MatchNotificationsHost() {
  const { workflowId } = useParams({ strict: false }) as { workflowId?: string };
  const navigate = useNavigate();
  const open = useCallback(
    (ticketId: string) => {
      if (!workflowId) return;
      void navigate({ to: "/w/$workflowId/t/$ticketId", params: { workflowId, ticketId }, search: {} });
    },
    [navigate, workflowId],
  );
  const show = useCallback(
    (search: SavedSearch) =>
      void navigate({
        to: "/w/$workflowId/search",
        params: { workflowId: search.workflow_id },
        search: fromSavedSearch(search),
      }),
    [navigate],
  );
  return workflowId ? (
    <MatchNotifications key={workflowId} workflowId={workflowId} onOpen={open} onShow={show} />
  ) : null;
}
