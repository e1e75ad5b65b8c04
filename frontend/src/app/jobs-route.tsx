import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { JobsPage } from "@/features/jobs/jobs-page";

export function JobsRoute() {
  const { workflowId } = useParams({ from: "/inside/shell/w/$workflowId/jobs" });
  const state = useSearch({ from: "/inside/shell/w/$workflowId/jobs" });
  const navigate = useNavigate();
  return (
    <JobsPage
      key={workflowId}
      workflowId={workflowId}
      state={state}
      onState={(search) => void navigate({ to: "/w/$workflowId/jobs", params: { workflowId }, search, replace: true })}
      onOpen={(jobId) =>
        void navigate({ to: "/w/$workflowId/jobs/$jobId", params: { workflowId, jobId }, search: true })
      }
    />
  );
}
