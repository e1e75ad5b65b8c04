import { useNavigate, useSearch } from "@tanstack/react-router";
import { useWorkflows } from "@/api/hooks";
import { Invitations } from "@/features/approvals/invitations";
import { HomePage } from "@/features/home/home-page";
import { FirstPage } from "@/features/workflows/first-page";
import { WorkflowsSection } from "@/features/workflows/workflows-page";

/** Home above the list of workflows. An account without workflows is led to its first one instead. */
export function HomeRoute() {
  const { workflow } = useSearch({ from: "/inside/shell/" });
  const navigate = useNavigate();
  const list = useWorkflows();
  const open = (workflowId: string) => void navigate({ to: "/w/$workflowId", params: { workflowId }, search: {} });
  if (list.data?.length === 0) return <FirstPage invitations={<Invitations onJoined={open} />} />;
  return (
    <HomePage
      workflowId={workflow}
      onFilter={(next) => void navigate({ to: "/", search: { workflow: next }, replace: true })}
    >
      <WorkflowsSection heading="h2" />
    </HomePage>
  );
}
