import { useNavigate, useSearch } from "@tanstack/react-router";
import { HomePage } from "@/features/home/home-page";
import { WorkflowsSection } from "@/features/workflows/workflows-page";

/** Home above the list of workflows. */
export function HomeRoute() {
  const { workflow } = useSearch({ from: "/inside/shell/" });
  const navigate = useNavigate();
  return (
    <HomePage
      workflowId={workflow}
      onFilter={(next) => void navigate({ to: "/", search: { workflow: next }, replace: true })}
    >
      <WorkflowsSection heading="h2" />
    </HomePage>
  );
}
