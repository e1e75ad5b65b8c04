import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { explain, users } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { Account } from "@/api/types";
import { browserName } from "@/ui/browser-name";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { plural } from "@/ui/plural";
import { Notice, Spinner } from "@/ui/states";
import { TimeAgo } from "@/ui/time";
import { toast } from "@/ui/toast";

/** Where a person is signed in; an administrator may sign them out everywhere. */
export function SessionsDialog({ person, onClose }: { person: Account; onClose: () => void }) {
  const queries = useQueryClient();
  const list = useQuery({
    queryKey: queryKeys.userSessions(person.id),
    queryFn: ({ signal }) => users.sessions(person.id, signal),
  });
  const end = useMutation({
    mutationFn: () => users.endSessions(person.id),
    onSuccess: ({ revoked }) => {
      toast.success(`Ended ${plural(revoked, "session")} of ${person.name}`);
      onClose();
    },
    onError: (error) => toast.error("Could not end the sessions", { description: explain(error) }),
    onSettled: () => queries.invalidateQueries({ queryKey: queryKeys.users }),
  });
  const sessions = list.data ?? [];
  const others = sessions.filter(({ current }) => !current).length;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Sessions of ${person.name}`}
      description="Devices where this person is signed in. Ending a session signs the device out; the password and the keys stay."
    >
      {list.isPending && <Spinner label="Loading sessions…" />}
      {list.isError && <Notice tone="danger">{explain(list.error)}</Notice>}
      {list.isSuccess && sessions.length === 0 && (
        <p className="text-muted-foreground">{person.name} is not signed in anywhere.</p>
      )}
      {sessions.length > 0 && (
        <ul aria-label="Sessions" className="divide-y rounded-lg border">
          {sessions.map(({ id, user_agent, address, created_at, last_used_at, current }) => (
            <li key={id} className="px-3 py-2">
              <p dir="auto" className="truncate">
                {browserName(user_agent)}
                {current && <span className="font-medium text-success text-xs"> · your current session</span>}
              </p>
              <p className="text-muted-foreground text-xs">
                {address && `${address} · `}signed in <TimeAgo at={created_at} />, last active{" "}
                <TimeAgo at={last_used_at} />
              </p>
            </li>
          ))}
        </ul>
      )}
      <DialogActions>
        <Button onClick={onClose}>Close</Button>
        {others > 0 && (
          <Button variant="danger" disabled={end.isPending} onClick={() => end.mutate()}>
            End {others === sessions.length ? "all" : "all other"} sessions
          </Button>
        )}
      </DialogActions>
    </Dialog>
  );
}
