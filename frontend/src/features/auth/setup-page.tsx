import { useQueryClient } from "@tanstack/react-query";
import { Navigate, useSearch } from "@tanstack/react-router";
import { session } from "@/api";
import { useSession } from "@/api/hooks";
import { queryKeys } from "@/api/query-keys";
import { Empty } from "@/ui/states";
import { AuthForm } from "./auth-form";

/** The first administrator's account, by the one-time link that the server printed when it started. */
export function SetupPage() {
  const { token } = useSearch({ from: "/setup" });
  const state = useSession();
  const queries = useQueryClient();
  if (state.status === "signed-in") return <Navigate to="/" replace />;
  if (!token) {
    return (
      <main className="grid h-full place-items-center">
        <Empty title="Callboard is waiting for its first administrator">
          The server printed a one-time set-up link when it started. Open that link to create the first account.
        </Empty>
      </main>
    );
  }
  return (
    <AuthForm
      title="Welcome to Callboard"
      intro="Create the first account. It administers this server."
      submit="Create administrator"
      fields={["name"]}
      newPassword
      onSubmit={async ({ email, password, name }) => {
        await session.setUp(token, email, password, name);
        queries.removeQueries({ queryKey: queryKeys.authOptions });
      }}
    />
  );
}
