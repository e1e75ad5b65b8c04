import { useParams } from "@tanstack/react-router";
import { ConnectPage } from "@/features/connect/connect-page";

export function ConnectRoute() {
  const { workflowId } = useParams({ from: "/inside/shell/w/$workflowId/agents/new" });
  return <ConnectPage key={workflowId} workflowId={workflowId} />;
}
