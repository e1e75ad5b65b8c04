import { Link, useParams } from "@tanstack/react-router";
import { ArrowLeft } from "lucide-react";
import { WorkflowFailure } from "@/entities/workflow/workflow-failure";
import { useBoardShape } from "@/live/context";
import { useTitle } from "@/ui/use-title";
import { SecurityEventList } from "./security-event-list";

/** Security events of a workflow. */
export function SecurityEventsPage() {
  const { workflowId } = useParams({ from: "/inside/shell/w/$workflowId/settings/security" });
  const { shape, error, retry } = useBoardShape(workflowId);
  useTitle("Security events");
  if (error && !shape) return <WorkflowFailure what="the security events" error={error} onRetry={retry} />;
  return (
    <div className="scroll-thin flex-1 overflow-y-auto">
      <div className="mx-auto grid w-full max-w-3xl gap-4 px-4 pt-6 pb-24">
        <div>
          <Link
            to="/w/$workflowId/settings"
            params={{ workflowId }}
            className="mb-2 inline-flex items-center gap-1 rounded text-muted-foreground text-xs hover:text-foreground"
          >
            <ArrowLeft className="size-3.5" /> Back to settings
          </Link>
          <h1 className="font-semibold text-lg tracking-tight">
            Security events{shape && ` of ${shape.workflow.name}`}
          </h1>
        </div>
        <SecurityEventList workflowId={workflowId} />
      </div>
    </div>
  );
}
