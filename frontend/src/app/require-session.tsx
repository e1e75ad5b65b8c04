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
  if (state.status === "unreachable") return <Unreachable />;
  return <RedirectToSignIn />;
}

const RETRY_INTERVAL_MS = 5_000;

/** Tries again every few seconds, and at once when the network is back. */
function Unreachable() {
  useEffect(() => {
    const start = () => void session.start();
    const timer = setInterval(start, RETRY_INTERVAL_MS);
    window.addEventListener("online", start);
    return () => {
      clearInterval(timer);
      window.removeEventListener("online", start);
    };
  }, []);
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
        Check your connection. The server may be restarting. The page opens as soon as it answers.
      </Empty>
    </main>
  );
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
