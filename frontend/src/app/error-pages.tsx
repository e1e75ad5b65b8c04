import { Link } from "@tanstack/react-router";
import { explain } from "@/api";
import { Button } from "@/ui/button";
import { Empty } from "@/ui/states";

export function NotFoundPage() {
  return (
    <main className="grid h-full place-items-center">
      <Empty
        title="There is no such page"
        action={
          <Button asChild variant="primary">
            <Link to="/">Go to your workflows</Link>
          </Button>
        }
      >
        The address may be mistyped, or what it named may be gone.
      </Empty>
    </main>
  );
}

export function CrashPage({ error }: { error: unknown }) {
  return (
    <main className="grid h-full place-items-center">
      <Empty
        title="This page stopped working"
        action={
          <Button variant="primary" onClick={() => window.location.reload()}>
            Reload
          </Button>
        }
      >
        Your work is on the server and safe. What went wrong here: {explain(error)}
      </Empty>
    </main>
  );
}
