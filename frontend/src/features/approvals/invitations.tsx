import { Bot, UserPlus } from "lucide-react";
import { explain } from "@/api";
import type { MembershipInvitation } from "@/api/types";
import { Button } from "@/ui/button";
import { Notice } from "@/ui/states";
import { TimeAgo } from "@/ui/time";
import { useDecideInvitation, useInvitations } from "./use-invitations";

interface InvitationsProps {
  /** After the user has become a member of a workflow. */
  onJoined?: (workflowId: string) => void;
}

/** Invitations that the user accepts or declines, for themselves and for their agents. */
export function Invitations({ onJoined }: InvitationsProps) {
  const { data = [], isError, error } = useInvitations();
  const decide = useDecideInvitation();
  if (isError) return <Notice tone="danger">{explain(error)}</Notice>;
  if (data.length === 0) return null;
  return (
    <section aria-label="Invitations" className="grid gap-2">
      {data.map((invitation) => (
        <InvitationCard
          key={invitation.invitation_id}
          invitation={invitation}
          busy={decide.isPending}
          onDecide={(accept) => {
            const joins = accept && invitation.actor_kind === "user";
            decide.mutate({ invitation, accept, onDone: joins ? onJoined : undefined });
          }}
        />
      ))}
    </section>
  );
}

interface Props {
  invitation: MembershipInvitation;
  busy: boolean;
  onDecide: (accept: boolean) => void;
}

function InvitationCard({ invitation, busy, onDecide }: Props) {
  const { actor_kind, actor_name, workflow_name, role, invited_by_name, created_at } = invitation;
  const agent = actor_kind !== "user";
  const Icon = agent ? Bot : UserPlus;
  const who = agent ? `the ${actor_kind} ${actor_name}` : "you";
  return (
    <article
      aria-label={`Invitation to ${workflow_name}`}
      className="flex flex-wrap items-center gap-3 rounded-lg border bg-surface p-3"
    >
      <Icon className="size-4 shrink-0 text-muted-foreground" aria-hidden="true" />
      <div className="min-w-0 flex-1 basis-60">
        <p className="font-medium [overflow-wrap:anywhere]">
          {invited_by_name} invites {who} to {workflow_name}
        </p>
        <p className="text-muted-foreground text-xs">
          As {role}, sent <TimeAgo at={created_at} />.
          {agent && role !== "viewer" && " Members of that workflow could then give it work."}
        </p>
      </div>
      <Button size="sm" disabled={busy} onClick={() => onDecide(false)}>
        Decline
      </Button>
      <Button size="sm" variant="primary" disabled={busy} onClick={() => onDecide(true)}>
        Accept
      </Button>
    </article>
  );
}
