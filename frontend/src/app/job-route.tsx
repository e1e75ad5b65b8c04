import { useNavigate, useParams } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { ApprovalsSection } from "@/features/approvals/approvals-section";
import { JobPage } from "@/features/jobs/job-page";

const CommitDialog = lazy(() =>
  import("@/features/ticket/commit-dialog").then((module) => ({ default: module.CommitDialog })),
);

/** The job page, composed with approvals and the commit dialog. */
export function JobRoute() {
  const { workflowId, jobId } = useParams({ from: "/inside/shell/w/$workflowId/jobs/$jobId" });
  const navigate = useNavigate();
  const [commit, setCommit] = useState<string | null>(null);
  return (
    <>
      <JobPage
        key={jobId}
        workflowId={workflowId}
        jobId={jobId}
        onClose={() => void navigate({ to: "/w/$workflowId/jobs", params: { workflowId }, search: true })}
        onCommit={setCommit}
        renderAside={() => <ApprovalsSection about={{ job_id: jobId }} />}
      />
      <Suspense>
        {commit && <CommitDialog workflowId={workflowId} sha={commit} onClose={() => setCommit(null)} />}
      </Suspense>
    </>
  );
}
