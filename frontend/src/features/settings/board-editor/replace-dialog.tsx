import { useMemo, useState } from "react";
import type { BoardState } from "@/live/state/board";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Notice } from "@/ui/states";
import { differences } from "./board-diff";
import type { BoardPlan } from "./board-file";
import { planned } from "./board-plan";
import { ChangeList, TicketMoves } from "./change-list";
import type { Draft } from "./draft";

export interface Replacement {
  /** The name of a template or a file. */
  title: string;
  plan: BoardPlan;
  /** Fields that are not known. */
  ignored: readonly string[];
}

interface Props {
  replacement: Replacement;
  saved: Draft;
  board: BoardState;
  /** Whether there are unsaved changes, which would be lost. */
  edited: boolean;
  onCancel: () => void;
  onUse: (draft: Draft) => void;
}

/** Shows what a template or a file would change before it becomes the draft. */
export function ReplaceDialog({ replacement, saved, board, edited, onCancel, onUse }: Props) {
  const { title, plan, ignored } = replacement;
  const first = useMemo(() => planned(saved, plan), [saved, plan]);
  const [chosen, setChosen] = useState<Record<string, string>>({});
  const draft = { ...first, moves: { ...first.moves, ...chosen } };
  const groups = differences(saved, draft);
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onCancel()}
      title={title}
      description="Compared with the saved board. Nothing is saved until you save the board."
    >
      <div className="grid gap-4">
        <ChangeList groups={groups} empty="The saved board is the same." />
        <TicketMoves board={board} draft={draft} onChange={(from, to) => setChosen({ ...chosen, [from]: to })} />
        {ignored.length > 0 && <Notice>Ignored, because a board has no such fields: {ignored.join(", ")}.</Notice>}
        {edited && <Notice tone="warning">Your unsaved changes are replaced.</Notice>}
      </div>
      <DialogActions>
        <Button onClick={onCancel}>Cancel</Button>
        <Button variant="primary" disabled={groups.length === 0} onClick={() => onUse(draft)}>
          Use in draft
        </Button>
      </DialogActions>
    </Dialog>
  );
}
