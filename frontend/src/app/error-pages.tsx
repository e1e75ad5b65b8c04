import { Link } from "@tanstack/react-router";
import { explain } from "@/api";
import { Button } from "@/ui/button";
import { Empty } from "@/ui/states";

export function NotFoundPage() {
  return (
    <main className="grid h-full place-items-center">
      <Empty
        title="Page not found"
        action={
          <Button asChild variant="primary">
            <Link to="/">Go to workflows</Link>
          </Button>
        }
      >
        Check the URL. The page may have been deleted.
      </Empty>
    </main>
  );
}

export function CrashPage({ error }: { error: unknown }) {
  return (
    <main className="grid h-full place-items-center">
      <Empty
        title="Something went wrong"
        action={
          <Button variant="primary" onClick={() => window.location.reload()}>
            Reload page
          </Button>
        }
      >
        Your saved changes are not affected. Error: {explain(error)}
      </Empty>
    </main>
  );
}
