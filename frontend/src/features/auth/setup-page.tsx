import { useQueryClient } from "@tanstack/react-query";
import { Navigate, useSearch } from "@tanstack/react-router";
import { session } from "@/api";
import { useSession } from "@/api/hooks";
import { queryKeys } from "@/api/query-keys";
import { Empty } from "@/ui/states";
import { AuthForm } from "./auth-form";

/** Creates the first administrator with the one-time link that the server prints at startup. */
export function SetupPage() {
  const { token } = useSearch({ from: "/setup" });
  const state = useSession();
  const queries = useQueryClient();
  if (state.status === "signed-in") return <Navigate to="/" replace />;
  if (!token) {
    return (
      <main className="grid h-full place-items-center">
        <Empty title="Set up Callboard">
          Open the one-time setup link that the server printed at startup to create the administrator account.
        </Empty>
      </main>
    );
  }
  return (
    <AuthForm
      title="Welcome to Callboard"
      intro="Create the administrator account of this server."
      submit="Create account"
      fields={["name"]}
      newPassword
      onSubmit={async ({ email, password, name }) => {
        await session.setUp(token, email, password, name);
        queries.removeQueries({ queryKey: queryKeys.authOptions });
      }}
    />
  );
}
