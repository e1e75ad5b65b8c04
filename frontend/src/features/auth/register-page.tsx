import { useQuery } from "@tanstack/react-query";
import { Link, Navigate, useSearch } from "@tanstack/react-router";
import { auth, session } from "@/api";
import { useSession } from "@/api/hooks";
import { queryKeys } from "@/api/query-keys";
import { Empty, Spinner } from "@/ui/states";
import { AuthForm } from "./auth-form";
import { authLinkClass } from "./auth-page";
import { InvitationPage } from "./invitation-page";

/** Creates an account, with the invitation of the link if there is one. */
export function RegisterPage() {
  const { invite } = useSearch({ from: "/register" });
  const state = useSession();
  const options = useQuery({ queryKey: queryKeys.authOptions, queryFn: ({ signal }) => auth.options(signal) });
  const signIn = (
    <Link to="/sign-in" search={{}} className={authLinkClass}>
      Sign in
    </Link>
  );
  if (options.isPending || state.status === "unknown") return <Spinner label="Loading…" className="h-full" />;
  const registration = options.data?.registration;
  if (invite) return <InvitationPage key={invite} invite={invite} registration={registration} />;
  if (state.status === "signed-in") return <Navigate to="/" replace />;
  if (registration === "off") {
    return (
      <main className="grid h-full place-items-center">
        <Empty title="Registration is closed" action={signIn}>
          Ask an administrator for an account.
        </Empty>
      </main>
    );
  }
  const invited = registration === "invite";
  return (
    <AuthForm
      title="Create your account"
      intro={invited ? "Registration is by invitation. Open your invite link, or enter its code." : null}
      submit="Create account"
      fields={invited ? ["name", "invite"] : ["name"]}
      newPassword
      onSubmit={({ email, password, name, invite: code }) => session.register(email, password, name, code || undefined)}
      footer={<>Already have an account? {signIn}</>}
    />
  );
}
