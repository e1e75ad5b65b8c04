import { Outlet, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { session } from "@/api";
import { useSession } from "@/api/hooks";
import { Button } from "@/ui/button";
import { Empty, Spinner } from "@/ui/states";

/** Lets in those who are signed in; remembers where the others wanted to go. */
export function RequireSession() {
  const state = useSession();
  if (state.status === "signed-in") return <Outlet />;
  if (state.status === "unknown") return <Spinner label="Opening Callboard…" className="h-full" />;
  if (state.status === "unreachable") {
    return (
      <main className="grid h-full place-items-center">
        <Empty
          title="The server cannot be reached"
          action={
            <Button variant="primary" onClick={() => void session.start()}>
              Try again
            </Button>
          }
        >
          Nothing is lost. Check the connection, or wait a moment if it is being restarted.
        </Empty>
      </main>
    );
  }
  return <RedirectToSignIn />;
}

/** Goes once: the address changes before this leaves the page, and following it would go round in circles. */
function RedirectToSignIn() {
  const router = useRouter();
  useEffect(() => {
    const { href } = router.state.location;
    void router.navigate({ to: "/sign-in", search: { next: href === "/" ? undefined : href }, replace: true });
  }, [router]);
  return null;
}
