import { useState } from "react";
import type { BoardState } from "@/live/state/board";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { plural } from "@/ui/plural";
import { formatMoment } from "@/ui/time";
import { countChanges, differences } from "./board-diff";
import { ChangeList, TicketMoves } from "./change-list";
import { focusPath } from "./field-fault";
import type { BoardEditor } from "./use-board-editor";

/** At the bottom while there are unsaved changes: what is wrong, a summary, and saving. */
export function SaveBar({ editor, board }: { editor: BoardEditor; board: BoardState }) {
  const [reviewing, setReviewing] = useState(false);
  const { saved, draft, faults, shown, baseChanged, from } = editor;
  const groups = differences(saved, draft);
  const fault = faults[0] ?? shown[0];
  const since = from === null ? "You have unsaved changes." : `Unsaved changes from ${formatMoment(from)}.`;
  return (
    <section
      aria-label="Unsaved changes"
      className="fixed inset-x-0 bottom-4 z-20 mx-auto flex w-[calc(100%-1.5rem)] max-w-2xl flex-wrap items-center gap-x-2 gap-y-1.5 rounded-xl border bg-surface px-4 py-2.5 shadow-pop max-md:bottom-16"
    >
      <p className="min-w-40 flex-1" role="status">
        {fault ? (
          <button
            type="button"
            className="rounded text-left text-danger underline-offset-2 hover:underline"
            onClick={() => focusPath(fault.path)}
          >
            {fault.message}
          </button>
        ) : baseChanged ? (
          <>
            {since}{" "}
            <button
              type="button"
              className="rounded text-left text-warning underline underline-offset-2"
              onClick={() => editor.setComparing(true)}
            >
              The board has changed since.
            </button>
          </>
        ) : (
          since
        )}
      </p>
      <div className="ml-auto flex items-center gap-2">
        <Button variant="ghost" onClick={() => setReviewing(true)} disabled={groups.length === 0}>
          {plural(countChanges(groups), "change")}
        </Button>
        <Button variant="ghost" onClick={editor.discard}>
          Discard
        </Button>
        <Button variant="primary" disabled={editor.saving} onClick={editor.save}>
          {editor.saving ? "Saving…" : "Save board"}
        </Button>
      </div>
      {reviewing && (
        <Dialog open onOpenChange={setReviewing} title="Unsaved changes" description="Compared with the saved board.">
          <div className="grid gap-4">
            <ChangeList groups={groups} />
            <TicketMoves
              board={board}
              draft={draft}
              onChange={(id, to) => editor.change((old) => ({ ...old, moves: { ...old.moves, [id]: to } }))}
            />
          </div>
          <DialogActions>
            <Button onClick={() => setReviewing(false)}>Close</Button>
          </DialogActions>
        </Dialog>
      )}
    </section>
  );
}
