import { useBlocker } from "@tanstack/react-router";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";

/** Asks before a page with unsaved changes is left. The draft is kept in this browser unless it is discarded. */
export function LeaveGuard({ edited, onDiscard }: { edited: boolean; onDiscard: () => void }) {
  const blocker = useBlocker({
    // The end of a session leads to the sign-in and back, which loses nothing.
    shouldBlockFn: ({ current, next }) =>
      edited && next.pathname !== current.pathname && !next.pathname.startsWith("/sign-in"),
    enableBeforeUnload: () => edited,
    withResolver: true,
  });
  if (blocker.status !== "blocked") return null;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && blocker.reset()}
      title="Leave without saving?"
      description="The board has unsaved changes. You can keep them as a draft in this browser and go on later."
    >
      <DialogActions>
        <Button variant="ghost" className="sm:mr-auto" onClick={blocker.reset}>
          Stay
        </Button>
        <Button
          variant="danger"
          onClick={() => {
            onDiscard();
            blocker.proceed();
          }}
        >
          Discard changes
        </Button>
        <Button variant="primary" autoFocus onClick={blocker.proceed}>
          Keep draft and leave
        </Button>
      </DialogActions>
    </Dialog>
  );
}
