import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { GitMerge } from "lucide-react";
import { useCallback } from "react";
import { tickets } from "@/api";
import type { TicketRef } from "@/api/types";
import { Button } from "@/ui/button";
import { toast } from "@/ui/toast";

type Run = <T>(what: string, request: () => Promise<T>) => Promise<T | null>;

interface Props {
  into: TicketRef;
  canUndo: boolean;
  onOpen: (ticketId: string) => void;
  onUndo: () => void;
}

/** Banner of a merged ticket with a link to its original. */
export function MergedNotice({ into, canUndo, onOpen, onUndo }: Props) {
  return (
    <div className="flex items-center gap-2 rounded-lg border border-primary/30 bg-accent px-3 py-2 text-accent-foreground">
      <GitMerge className="size-4 shrink-0" aria-hidden="true" />
      <p className="min-w-0 flex-1 py-0.5">
        Merged into{" "}
        <button
          type="button"
          onClick={() => onOpen(into.ticket_id)}
          className="text-left font-medium underline underline-offset-2"
        >
          {into.key} {into.title}
        </button>
      </p>
      {canUndo && (
        <Button size="sm" onClick={onUndo}>
          Undo merge
        </Button>
      )}
    </div>
  );
}

/** Undoes a merge and reports the result. */
export function useUnmerge(run: Run): (ticket: { ticket_id: string; key: string }) => Promise<void> {
  const queries = useQueryClient();
  return useCallback(
    async ({ ticket_id, key }) => {
      const done = await run(`Could not unmerge ${key}`, () => tickets.unmerge(ticket_id));
      // Lists changes that the server could not move back.
      if (done) toast.success(`${key} unmerged`, { description: done.kept.join(" ") || undefined });
      invalidateAfterMerge(queries);
    },
    [run, queries],
  );
}

/** A merge changes both tickets, related tickets and search results. */
export function invalidateAfterMerge(queries: QueryClient): void {
  for (const kind of ["ticket", "related", "search"]) void queries.invalidateQueries({ queryKey: [kind] });
}
