import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Bot, Link2 } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { explain, invites } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { Role } from "@/api/types";
import { Button } from "@/ui/button";
import { NativeSelect } from "@/ui/field";
import { SecretDialog } from "@/ui/secret-dialog";
import { Section } from "@/ui/section";
import { toast } from "@/ui/toast";
import { InviteLinks } from "./invite-links";

/** The fragment of a link that leads here. */
const FRAGMENT = "#invitations";

/** Leads to connecting an agent, and invites people by link. */
export function InviteSection({ workflowId }: { workflowId: string }) {
  const [role, setRole] = useState<Role>("member");
  const [link, setLink] = useState<string | null>(null);
  const queries = useQueryClient();
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (window.location.hash !== FRAGMENT) return;
    place.current?.scrollIntoView({ block: "center" });
    place.current?.querySelector("select")?.focus({ preventScroll: true });
  }, []);
  const invite = useMutation({
    mutationFn: () => invites.create(workflowId, role),
    onSuccess: ({ invite: code, url }) => {
      const here = new URL("/register", window.location.origin);
      here.searchParams.set("invite", code);
      setLink(url ?? here.href);
      void queries.invalidateQueries({ queryKey: queryKeys.inviteLinks(workflowId) });
    },
    onError: (error) => toast.error("Could not create the invite link", { description: explain(error) }),
  });

  return (
    <>
      <Section
        title="Agents"
        intro="An agent becomes a member and gets an API key to read and write tickets, with the configuration for your coding agent."
      >
        <Button asChild className="justify-self-start">
          <Link to="/w/$workflowId/agents/new" params={{ workflowId }}>
            <Bot /> Connect an agent
          </Link>
        </Button>
      </Section>
      <div ref={place}>
        <Section
          title="Invite people"
          intro="An invite link lets one person join this workflow, also without an account. It expires after a week."
        >
          <div className="flex gap-2">
            <NativeSelect
              aria-label="Role of the invited person"
              className="w-32 shrink-0"
              value={role}
              onChange={(event) => setRole(event.target.value as Role)}
            >
              <option value="viewer">Viewer</option>
              <option value="member">Member</option>
              <option value="owner">Owner</option>
            </NativeSelect>
            <Button disabled={invite.isPending} onClick={() => invite.mutate()}>
              <Link2 /> Create invite link
            </Button>
          </div>
          <InviteLinks workflowId={workflowId} />
        </Section>
      </div>
      <SecretDialog
        title="Invite link created"
        description="Send it to the person you want to invite. It works once and expires after a week."
        label="Invite URL"
        secret={link}
        onClose={() => setLink(null)}
      />
    </>
  );
}
