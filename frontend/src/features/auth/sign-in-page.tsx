import { useQuery } from "@tanstack/react-query";
import { Link, Navigate, useRouter, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { auth, session } from "@/api";
import { useSession } from "@/api/hooks";
import { queryKeys } from "@/api/query-keys";
import { Spinner } from "@/ui/states";
import { AuthForm } from "./auth-form";

/** Allows only paths of the dashboard, so that `next` cannot be used as an open redirect. */
export function safeRedirect(next: string | undefined): string {
  return next?.startsWith("/") && !next.startsWith("//") && !next.includes("\\") ? next : "/";
}

export function SignInPage() {
  const state = useSession();
  const { next } = useSearch({ from: "/sign-in" });
  const router = useRouter();
  const options = useQuery({ queryKey: queryKeys.authOptions, queryFn: ({ signal }) => auth.options(signal) });
  const signedIn = state.status === "signed-in";

  useEffect(() => {
    if (signedIn) router.history.replace(safeRedirect(next));
  }, [signedIn, next, router]);

  if (signedIn || state.status === "unknown") return <Spinner label="Loading…" className="h-full" />;
  if (options.data?.setup_required) return <Navigate to="/setup" search={{}} replace />;
  return (
    <AuthForm
      title="Sign in to Callboard"
      intro={
        state.status === "signed-out" && state.reason === "expired" ? "Your session expired. Sign in again." : null
      }
      submit="Sign in"
      onSubmit={({ email, password }) => session.signIn(email, password)}
      footer={
        options.data &&
        options.data.registration !== "off" && (
          <>
            New here?{" "}
            <Link to="/register" search={{}} className="text-accent-foreground underline underline-offset-4">
              Create an account
            </Link>
          </>
        )
      }
    />
  );
}
