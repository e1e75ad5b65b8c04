import { Link } from "@tanstack/react-router";
import { explain, isNotFound } from "@/api";
import { Button } from "@/ui/button";
import { Empty } from "@/ui/states";

interface Props {
  /** What could not be loaded: "the board". */
  what: string;
  error: unknown;
  onRetry: () => unknown;
}

/** In place of a page of a workflow: there is none, it is closed to this person, or it could not be loaded. */
export function WorkflowFailure({ what, error, onRetry }: Props) {
  const gone = isNotFound(error);
  return (
    <div className="grid flex-1 place-items-center">
      <Empty
        title={gone ? "Workflow not found" : `Could not load ${what}`}
        action={
          gone ? (
            <Button asChild variant="primary">
              <Link to="/">Go to workflows</Link>
            </Button>
          ) : (
            <Button variant="primary" onClick={onRetry}>
              Try again
            </Button>
          )
        }
      >
        {gone ? "It does not exist, or you do not have access to it." : explain(error)}
      </Empty>
    </div>
  );
}
