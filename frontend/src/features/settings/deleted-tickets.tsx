import { keepPreviousData, useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { RotateCcw } from "lucide-react";
import { useEffect } from "react";
import { toast } from "sonner";
import { explain, tickets } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { Schemas } from "@/api/types/schema";
import { useLive } from "@/live/context";
import type { BoardState } from "@/live/state/board";
import { Button } from "@/ui/button";
import { panelClass, Section } from "@/ui/section";
import { ShowMore } from "@/ui/show-more";
import { Notice, Spinner } from "@/ui/states";
import { TimeAgo } from "@/ui/time";

type DeletedTicket = Schemas["DeletedTicket"];

/** Events after which the list is another. */
const CHANGES = new Set(["deleted", "ticket_deleted", "restored"]);

interface Props {
  board: BoardState;
  workflowId: string;
}

/** Tickets that were deleted or archived; members bring them back. */
export function DeletedTickets({ board, workflowId }: Props) {
  const { role, archived_at } = board.workflow;
  const queries = useQueryClient();
  const live = useLive();
  const list = useInfiniteQuery({
    queryKey: queryKeys.deletedTickets(workflowId),
    queryFn: ({ pageParam, signal }) => tickets.deleted(workflowId, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ has_more, next_cursor }) => (has_more && next_cursor ? next_cursor : undefined),
    placeholderData: keepPreviousData,
  });
  useEffect(
    () =>
      live.onEvents((id, events) => {
        if (id === workflowId && events.some(({ type }) => CHANGES.has(type))) {
          void queries.invalidateQueries({ queryKey: queryKeys.deletedTickets(workflowId) });
        }
      }),
    [live, queries, workflowId],
  );
  const restore = useMutation({
    mutationFn: (id: string) => tickets.restore(id),
    onSuccess: ({ message }) => toast.success(message),
    onError: (error) => toast.error("Could not restore the ticket", { description: explain(error) }),
    onSettled: () => queries.invalidateQueries({ queryKey: queryKeys.deletedTickets(workflowId) }),
  });
  const all = list.data?.pages.flatMap((page) => page.tickets) ?? [];
  return (
    <Section
      title="Deleted tickets"
      intro="Those that were deleted, and completed ones that were archived because nobody changed them for long."
    >
      {list.isPending && <Spinner label="Loading deleted tickets…" />}
      {list.isError && all.length === 0 && <Notice tone="danger">{explain(list.error)}</Notice>}
      {list.data && all.length === 0 && <p className="text-muted-foreground text-xs">No deleted tickets.</p>}
      {all.length > 0 && (
        <ul className={`${panelClass} divide-y`} aria-label="Deleted tickets">
          {all.map((ticket) => (
            <Entry
              key={ticket.ticket_id}
              ticket={ticket}
              busy={restore.isPending && restore.variables === ticket.ticket_id}
              onRestore={role === "viewer" || archived_at ? undefined : () => restore.mutate(ticket.ticket_id)}
            />
          ))}
        </ul>
      )}
      <ShowMore list={list} size="sm" className="justify-self-start" />
    </Section>
  );
}

function Entry({ ticket, busy, onRestore }: { ticket: DeletedTicket; busy: boolean; onRestore?: () => void }) {
  const { key, title, archived, deleted_at, deleted_by, deleted_by_name } = ticket;
  return (
    <li className="flex items-center gap-3 px-3 py-2" data-deleted={ticket.ticket_id}>
      <div className="min-w-0 flex-1">
        <p className="truncate">
          <span className="tabular mr-2 text-muted-foreground">{key}</span>
          <span dir="auto">{title}</span>
        </p>
        <p className="text-muted-foreground text-xs">
          {archived ? "Archived" : `Deleted by ${deleted_by_name ?? deleted_by ?? "someone"}`},{" "}
          <TimeAgo at={deleted_at} />
        </p>
      </div>
      {onRestore && (
        <Button size="sm" disabled={busy} onClick={onRestore} aria-label={`Restore ${key}`}>
          <RotateCcw /> {busy ? "Restoring…" : "Restore"}
        </Button>
      )}
    </li>
  );
}
