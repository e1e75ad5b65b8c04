import { useParams } from "@tanstack/react-router";
import { AgentsPage } from "@/features/agents/agents-page";

export function AgentsRoute() {
  const { workflowId } = useParams({ from: "/inside/shell/w/$workflowId/agents" });
  return <AgentsPage key={workflowId} workflowId={workflowId} />;
}
