import { useQuery } from "@tanstack/react-query";
import { Link, Navigate } from "@tanstack/react-router";
import { useState } from "react";
import { explain, invites, Problem, session } from "@/api";
import { useSession } from "@/api/hooks";
import { queryKeys } from "@/api/query-keys";
import type { AuthOptions, InviteOffer } from "@/api/types";
import { Button } from "@/ui/button";
import { Spinner } from "@/ui/states";
import { AcceptInvite } from "./accept-invite";
import { AuthForm } from "./auth-form";
import { AuthPage, authLinkClass } from "./auth-page";
import { Intro, Leave } from "./invitation-parts";
import { endedText, titleOf } from "./invitation-text";
import { joinAfterSignIn } from "./join-after-sign-in";

interface Props {
  invite: string;
  registration: AuthOptions["registration"] | undefined;
}

/** The page behind an invite link: who invites to what, and joining with a new or an existing account. */
export function InvitationPage({ invite, registration }: Props) {
  const state = useSession();
  // Registering uses the invitation up, so the new session is not asked to accept it again.
  const [registered, setRegistered] = useState<InviteOffer | null>(null);
  const offer = useQuery({
    queryKey: queryKeys.inviteOffer(invite),
    queryFn: ({ signal }) => invites.lookUp(invite, signal),
    retry: (count, error) => count < 2 && !(error instanceof Problem && error.status === 404),
    enabled: registered === null,
  });
  const signedIn = state.status === "signed-in";
  if (signedIn && registered) {
    const { workflow_id: workflowId } = registered;
    return workflowId ? (
      <Navigate to="/w/$workflowId" params={{ workflowId }} search={{}} replace />
    ) : (
      <Navigate to="/" replace />
    );
  }
  if (offer.isError)
    return <NoInvitation error={offer.error} signedIn={signedIn} onRetry={() => void offer.refetch()} />;
  if (!offer.data || state.status === "unknown") return <Spinner label="Loading the invitation…" className="h-full" />;
  if (signedIn) return <AcceptInvite invite={invite} offer={offer.data} user={state.user} />;
  const ended = endedText(offer.data);
  if (ended) {
    return (
      <AuthPage title={ended.title} intro={ended.text}>
        <Leave signedIn={false} />
      </AuthPage>
    );
  }
  const signIn = (
    <Link
      to="/sign-in"
      search={{ next: `/register?invite=${encodeURIComponent(invite)}` }}
      onClick={() => joinAfterSignIn(invite)}
      className={authLinkClass}
    >
      Sign in to join
    </Link>
  );
  if (registration === "off") {
    return (
      <AuthPage title={titleOf(offer.data)} intro={<Intro offer={offer.data} />} footer={signIn}>
        <p className="text-center text-muted-foreground">
          Accounts are created by an administrator here. Join with the one that you have.
        </p>
      </AuthPage>
    );
  }
  return (
    <AuthForm
      title={titleOf(offer.data)}
      intro={<Intro offer={offer.data} />}
      submit="Create account and join"
      fields={["name"]}
      newPassword
      onSubmit={async ({ email, password, name }) => {
        setRegistered(offer.data);
        try {
          await session.register(email, password, name, invite);
        } catch (error) {
          setRegistered(null);
          throw error;
        }
      }}
      footer={<>Already have an account? {signIn}</>}
    />
  );
}

function NoInvitation({ error, signedIn, onRetry }: { error: unknown; signedIn: boolean; onRetry: () => void }) {
  if (error instanceof Problem && error.status === 404) {
    return (
      <AuthPage
        title="There is no such invitation"
        intro="The link is incomplete, or it ended more than a month ago. Copy the whole link, or ask for a new one."
      >
        <Leave signedIn={signedIn} />
      </AuthPage>
    );
  }
  return (
    <AuthPage title="Could not load the invitation" intro={explain(error)}>
      <div className="flex justify-center">
        <Button variant="primary" onClick={onRetry}>
          Try again
        </Button>
      </div>
    </AuthPage>
  );
}
