import { Outlet, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { session } from "@/api";
import { useSession } from "@/api/hooks";
import { Button } from "@/ui/button";
import { Empty, Spinner } from "@/ui/states";

/** Renders the route for a signed-in session. Otherwise redirects to sign-in and keeps the URL for afterwards. */
export function RequireSession() {
  const state = useSession();
  if (state.status === "signed-in") return <Outlet />;
  if (state.status === "unknown") return <Spinner label="Loading…" className="h-full" />;
  if (state.status === "unreachable") {
    return (
      <main className="grid h-full place-items-center">
        <Empty
          title="Cannot reach the server"
          action={
            <Button variant="primary" onClick={() => void session.start()}>
              Try again
            </Button>
          }
        >
          Check your connection and try again. The server may be restarting.
        </Empty>
      </main>
    );
  }
  return <RedirectToSignIn />;
}

/** Navigates once. The URL changes before this unmounts, so depending on the location would loop. */
function RedirectToSignIn() {
  const router = useRouter();
  useEffect(() => {
    const { href } = router.state.location;
    void router.navigate({ to: "/sign-in", search: { next: href === "/" ? undefined : href }, replace: true });
  }, [router]);
  return null;
}
