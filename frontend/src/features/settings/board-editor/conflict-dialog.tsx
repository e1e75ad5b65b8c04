import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Notice } from "@/ui/states";
import { toast } from "@/ui/toast";
import { differences } from "./board-diff";
import { ChangeList } from "./change-list";
import { mergeDrafts } from "./merge";
import type { BoardEditor } from "./use-board-editor";

/** Compares a draft with what was saved since it was begun: merge both, take the saved board, or keep only the draft. */
export function ConflictDialog({ editor }: { editor: BoardEditor }) {
  const { base, draft, saved } = editor;
  const close = () => editor.setComparing(false);
  const merged = base && mergeDrafts(base, draft, saved);
  const replace = (next: typeof draft) => {
    editor.replace(next);
    close();
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && close()}
      title="The board has changed"
      description="Somebody saved it after you began to edit. Nothing of yours is saved yet."
      className="max-w-2xl"
    >
      <div className="grid gap-5 sm:grid-cols-2">
        {base && (
          <section aria-label="Saved meanwhile" className="grid content-start gap-2">
            <h2 className="font-semibold">Saved meanwhile</h2>
            <ChangeList groups={differences(base, saved)} />
          </section>
        )}
        <section aria-label="Your changes" className="grid content-start gap-2">
          <h2 className="font-semibold">Your changes</h2>
          <ChangeList groups={differences(base ?? saved, draft)} />
        </section>
      </div>
      {merged && merged.conflicts.length > 0 && (
        <div className="mt-4">
          <Notice tone="warning">Both changed {merged.conflicts.join(", ")}. Merging keeps your version of it.</Notice>
        </div>
      )}
      <DialogActions>
        <Button
          variant="ghost"
          onClick={() => {
            editor.discard();
            close();
          }}
        >
          Discard mine
        </Button>
        <Button onClick={() => replace(draft)}>Undo theirs</Button>
        {merged && (
          <Button
            variant="primary"
            onClick={() => {
              replace(merged.draft);
              toast.success("Changes merged", { description: "Look at the board, then save it." });
            }}
          >
            Merge
          </Button>
        )}
      </DialogActions>
    </Dialog>
  );
}
