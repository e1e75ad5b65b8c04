import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { explain, invites } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { InviteLink } from "@/api/types";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { confirm } from "@/ui/prompt-dialog";
import { panelClass } from "@/ui/section";
import { Notice } from "@/ui/states";
import { formatUpcoming, TimeAgo } from "@/ui/time";
import { toast } from "@/ui/toast";

const STATES: Readonly<Record<InviteLink["state"], string>> = {
  open: "Pending",
  used: "Used",
  expired: "Expired",
  withdrawn: "Withdrawn",
  unauthorized: "Not valid",
};

/** Links that were not used are first; of those that ended, the newest are shown until all are asked for. */
const SHOWN_ENDED = 3;

/** The invite links of a workflow with their state. The links themselves were shown once. */
export function InviteLinks({ workflowId }: { workflowId: string }) {
  const queries = useQueryClient();
  const queryKey = queryKeys.inviteLinks(workflowId);
  const [all, setAll] = useState(false);
  const list = useQuery({ queryKey, queryFn: ({ signal }) => invites.links(workflowId, signal) });
  const withdraw = useMutation({
    mutationFn: (id: string) => invites.withdraw(workflowId, id),
    onError: (error) => toast.error("Could not withdraw the link", { description: explain(error) }),
    onSettled: () => queries.invalidateQueries({ queryKey }),
  });
  const confirmAndWithdraw = async (id: string) => {
    const yes = await confirm({
      title: "Withdraw this invite link?",
      description: "Nobody can join by it any longer. You can create another one.",
      submit: "Withdraw link",
    });
    if (yes) withdraw.mutate(id);
  };
  if (list.isError) return <Notice tone="danger">{explain(list.error)}</Notice>;
  if (!list.data?.length) return null;
  const open = list.data.filter(({ state }) => state === "open");
  const ended = list.data.filter(({ state }) => state !== "open");
  const shown = [...open, ...(all ? ended : ended.slice(0, SHOWN_ENDED))];
  return (
    <>
      <ul aria-label="Invite links" className={`${panelClass} divide-y`}>
        {shown.map((link) => (
          <li key={link.invite_id} className="flex min-h-12 items-center gap-3 px-3 py-2">
            <div className="min-w-0 flex-1">
              <p className="flex items-center gap-2">
                <span
                  className={cn(
                    "w-18 shrink-0 rounded-full border px-1.5 text-center text-2xs",
                    link.state === "open" ? "border-primary text-accent-foreground" : "text-muted-foreground",
                  )}
                >
                  {STATES[link.state]}
                </span>
                <span dir="auto" className="truncate">
                  {link.email ?? "One person"} as {link.role}
                </span>
              </p>
              <p className="pl-20 text-muted-foreground text-xs">
                By {link.invited_by_name} <TimeAgo at={link.created_at} />
                <Ending link={link} />
              </p>
            </div>
            {link.state === "open" && (
              <Button
                size="sm"
                aria-label={`Withdraw the link for ${link.email ?? `one ${link.role}`}`}
                disabled={withdraw.isPending}
                onClick={() => void confirmAndWithdraw(link.invite_id)}
              >
                Withdraw
              </Button>
            )}
          </li>
        ))}
      </ul>
      {!all && ended.length > SHOWN_ENDED && (
        <Button variant="ghost" size="sm" className="justify-self-start" onClick={() => setAll(true)}>
          Show all {list.data.length} links
        </Button>
      )}
    </>
  );
}

function Ending({ link: { state, expires_at, used_at } }: { link: InviteLink }) {
  if (state === "open") return <>, valid until {formatUpcoming(expires_at)}</>;
  if (state === "used" && used_at) {
    return (
      <>
        , used <TimeAgo at={used_at} />
      </>
    );
  }
  if (state === "unauthorized") return <>, who may not invite any longer</>;
  return null;
}
