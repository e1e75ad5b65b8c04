import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { GitMerge } from "lucide-react";
import { useCallback } from "react";
import { toast } from "sonner";
import { tickets } from "@/api";
import type { TicketRef } from "@/api/types";
import { Button } from "@/ui/button";

type Run = <T>(what: string, request: () => Promise<T>) => Promise<T | null>;

interface Props {
  into: TicketRef;
  canUndo: boolean;
  onOpen: (ticketId: string) => void;
  onUndo: () => void;
}

/** What a ticket that was merged says of itself. */
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
          Undo the merge
        </Button>
      )}
    </div>
  );
}

/** Takes a merge back, and says so. */
export function useUnmerge(run: Run): (ticket: { ticket_id: string; key: string }) => Promise<void> {
  const queries = useQueryClient();
  return useCallback(
    async ({ ticket_id, key }) => {
      const done = await run(`${key} was not taken back out`, () => tickets.unmerge(ticket_id));
      // What has changed since stays where it is, and is said.
      if (done) toast.success(`${key} is a ticket of its own again`, { description: done.kept.join(" ") || undefined });
      invalidateAfterMerge(queries);
    },
    [run, queries],
  );
}

/** Both tickets look different now, and so does what is like what. */
export function invalidateAfterMerge(queries: QueryClient): void {
  for (const kind of ["ticket", "related", "search"]) void queries.invalidateQueries({ queryKey: [kind] });
}
