import { useQuery } from "@tanstack/react-query";
import { Link, Navigate, useSearch } from "@tanstack/react-router";
import { auth, session } from "@/api";
import { useSession } from "@/api/hooks";
import { queryKeys } from "@/api/query-keys";
import { Empty, Spinner } from "@/ui/states";
import { AuthForm } from "./auth-form";

export function RegisterPage() {
  const { invite } = useSearch({ from: "/register" });
  const state = useSession();
  const options = useQuery({ queryKey: queryKeys.authOptions, queryFn: ({ signal }) => auth.options(signal) });
  const signIn = (
    <Link to="/sign-in" search={{}} className="text-accent-foreground underline underline-offset-4">
      Sign in
    </Link>
  );

  if (state.status === "signed-in") return <Navigate to="/" replace />;
  if (options.isPending) return <Spinner label="Loading…" className="h-full" />;
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
      intro={invited ? "Use the invitation you were given." : null}
      submit="Create account"
      fields={invited ? ["name", "invite"] : ["name"]}
      invite={invite}
      newPassword
      onSubmit={(given) => session.register(given.email, given.password, given.name, given.invite || undefined)}
      footer={<>Have an account? {signIn}</>}
    />
  );
}
