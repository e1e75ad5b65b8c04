import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { explain, invites, session } from "@/api";
import { useWorkflows } from "@/api/hooks";
import { queryKeys } from "@/api/query-keys";
import type { InviteOffer, User } from "@/api/types";
import { Button } from "@/ui/button";
import { Notice, Spinner } from "@/ui/states";
import { AuthPage, authLinkClass } from "./auth-page";
import { Intro, Leave } from "./invitation-parts";
import { endedText, isFor, titleOf } from "./invitation-text";
import { takeJoin } from "./join-after-sign-in";

interface Props {
  invite: string;
  offer: InviteOffer;
  user: User;
}

/** An invitation for a person who is signed in. */
export function AcceptInvite({ invite, offer, user }: Props) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const list = useWorkflows();
  const { workflow_id: workflowId } = offer;
  const isMember = list.data?.some(({ id }) => id === workflowId) ?? false;
  const fits = isFor(offer.email_hint, user.email);
  const accept = useMutation({
    mutationFn: () => invites.accept(invite),
    onSuccess: async ({ workflow_id }) => {
      if (workflow_id) await navigate({ to: "/w/$workflowId", params: { workflowId: workflow_id }, search: {} });
      else await navigate({ to: "/" });
      await queries.invalidateQueries({ queryKey: queryKeys.workflows });
    },
    // It may have been used or withdrawn meanwhile.
    onError: () => queries.invalidateQueries({ queryKey: queryKeys.inviteOffer(invite) }),
  });
  const { mutate } = accept;
  const ready = list.isSuccess && offer.state === "open" && fits && !isMember;
  useEffect(() => {
    if (ready && takeJoin(invite)) mutate();
  }, [ready, invite, mutate]);

  const otherAccount = (
    <button type="button" className={authLinkClass} onClick={() => void session.signOut()}>
      Use another account
    </button>
  );
  if (list.isPending) return <Spinner label="Loading the invitation…" className="h-full" />;
  if (isMember && workflowId) {
    return (
      <AuthPage
        title={`You are a member of ${offer.workflow_name} already`}
        intro={`You are signed in as ${user.name}.${offer.state === "open" ? " The invitation is still there for somebody else." : ""}`}
        footer={otherAccount}
      >
        <div className="flex justify-center">
          <Button asChild variant="primary">
            <Link to="/w/$workflowId" params={{ workflowId }} search={{}}>
              Open the board
            </Link>
          </Button>
        </div>
      </AuthPage>
    );
  }
  const ended = endedText(offer);
  if (ended) {
    return (
      <AuthPage title={ended.title} intro={ended.text}>
        <Leave signedIn />
      </AuthPage>
    );
  }
  return (
    <AuthPage title={titleOf(offer)} intro={<Intro offer={offer} />} footer={otherAccount}>
      <div className="grid gap-4 rounded-xl border bg-surface p-5 shadow-card">
        <p className="[overflow-wrap:anywhere]">
          You are signed in as <bdi className="font-medium">{user.name}</bdi>
          {user.email && <span className="text-muted-foreground"> ({user.email})</span>}.
        </p>
        {!fits && <Notice tone="warning">The invitation is for {offer.email_hint}. Sign in with that account.</Notice>}
        {accept.isError && <Notice tone="danger">{explain(accept.error)}</Notice>}
        <div className="grid gap-2">
          {fits && (
            <Button variant="primary" size="lg" disabled={accept.isPending} onClick={() => mutate()}>
              {accept.isPending ? "Joining…" : `Join as ${user.name}`}
            </Button>
          )}
          <Button asChild size="lg">
            <Link to="/">Not now</Link>
          </Button>
        </div>
      </div>
    </AuthPage>
  );
}
