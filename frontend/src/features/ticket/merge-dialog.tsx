import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { explain, tickets } from "@/api";
import type { Card, TicketDetail } from "@/api/types";
import type { BoardState } from "@/live/state/board";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { DraftNote } from "@/ui/draft-note";
import { Field, Textarea } from "@/ui/field";
import { Notice } from "@/ui/states";
import { useDraft } from "@/ui/use-draft";
import { invalidateAfterMerge } from "./merged-notice";
import { useRelated } from "./related-tickets";
import { Picker } from "./ticket-picker";

interface Props {
  ticket: TicketDetail;
  board: BoardState;
  onClose: () => void;
  onMerged: (original: Card) => void;
}

/** Merges a duplicate into its original: picks the original, then shows the effects and confirms. */
export function MergeDialog({ ticket, board, onClose, onMerged }: Props) {
  const [original, setOriginal] = useState<Card | null>(null);
  const related = useRelated(ticket.ticket_id).data?.related ?? [];
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={original ? `Merge ${ticket.key} into ${original.key}` : `Merge ${ticket.key} into…`}
      description={original ? undefined : `Choose the ticket that ${ticket.key} duplicates.`}
    >
      {original ? (
        <Confirm
          ticket={ticket}
          original={original}
          onBack={() => setOriginal(null)}
          onMerged={() => onMerged(original)}
        />
      ) : (
        <Picker
          board={board}
          exclude={new Set([ticket.ticket_id])}
          suggested={related.map(({ ticket_id }) => ticket_id)}
          onPick={(id) => setOriginal(board.cards.get(id) ?? null)}
        />
      )}
    </Dialog>
  );
}

interface ConfirmProps {
  ticket: TicketDetail;
  original: Card;
  onBack: () => void;
  onMerged: () => void;
}

function Confirm({ ticket, original, onBack, onMerged }: ConfirmProps) {
  const queries = useQueryClient();
  const draft = useDraft(`ticket.${ticket.ticket_id}.merge`, "");
  const comment = draft.value;
  const merge = useMutation({
    mutationFn: () => tickets.merge(ticket.ticket_id, original.ticket_id, comment.trim() || undefined),
    onSuccess: () => {
      draft.clear();
      invalidateAfterMerge(queries);
      onMerged();
    },
  });
  return (
    <form
      data-draft
      className="grid gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (!merge.isPending) merge.mutate();
      }}
    >
      {merge.isError && <Notice tone="danger">{explain(merge.error)}</Notice>}
      <div className="rounded-lg border bg-sunken px-3 py-2 text-xs">
        <span className="tabular mr-1.5 text-muted-foreground">{original.key}</span>
        <span className="font-medium">{original.title}</span>
      </div>
      <ul className="grid list-disc gap-1 pl-5 text-muted-foreground">
        <li>
          Comments, commits, blockers, sub-tickets and tags of {ticket.key} move to {original.key}.
        </li>
        <li>
          {ticket.key} is resolved and removed from the board and search. Its page keeps its history and links to{" "}
          {original.key}.
        </li>
        <li>You can undo the merge.</li>
      </ul>
      <Field label="Comment" hint={`Optional. Added to ${original.key}.`}>
        {(control) => (
          <Textarea {...control} value={comment} rows={3} onChange={(event) => draft.set(event.target.value)} />
        )}
      </Field>
      <DraftNote draft={draft} />
      <DialogActions>
        <Button onClick={onBack}>Choose another ticket</Button>
        <Button type="submit" variant="primary" disabled={merge.isPending} autoFocus>
          {merge.isPending ? "Merging…" : `Merge into ${original.key}`}
        </Button>
      </DialogActions>
    </form>
  );
}
