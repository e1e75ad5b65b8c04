import { useQuery } from "@tanstack/react-query";
import { Link, Navigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { auth, session } from "@/api";
import { useSession } from "@/api/hooks";
import { queryKeys } from "@/api/query-keys";
import { Empty, Spinner } from "@/ui/states";
import { AcceptInvite } from "./accept-invite";
import { AuthForm } from "./auth-form";

export function RegisterPage() {
  const { invite } = useSearch({ from: "/register" });
  const state = useSession();
  // Registration consumes the invitation, so the new session must not be asked to accept it again.
  const [registering, setRegistering] = useState(false);
  const options = useQuery({ queryKey: queryKeys.authOptions, queryFn: ({ signal }) => auth.options(signal) });
  const signIn = (
    <Link
      to="/sign-in"
      search={invite ? { next: `/register?invite=${encodeURIComponent(invite)}` } : {}}
      className="text-accent-foreground underline underline-offset-4"
    >
      Sign in
    </Link>
  );

  if (state.status === "signed-in") {
    return invite && !registering ? (
      <AcceptInvite invite={invite} name={state.user.name} />
    ) : (
      <Navigate to="/" replace />
    );
  }
  if (options.isPending || state.status === "unknown") return <Spinner label="Loading…" className="h-full" />;
  if (options.data?.registration === "off") {
    return (
      <main className="grid h-full place-items-center">
        <Empty title="Registration is closed" action={signIn}>
          Ask an administrator for an account.
        </Empty>
      </main>
    );
  }
  const invited = options.data?.registration === "invite" || invite !== undefined;
  return (
    <AuthForm
      title="Create your account"
      intro={invited ? "Use your invitation to register." : null}
      submit="Create account"
      fields={invited ? ["name", "invite"] : ["name"]}
      invite={invite}
      newPassword
      onSubmit={async (given) => {
        setRegistering(true);
        await session.register(given.email, given.password, given.name, given.invite || undefined);
      }}
      footer={<>Already have an account? {signIn}</>}
    />
  );
}
