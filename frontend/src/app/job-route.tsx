import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { ApprovalsSection } from "@/features/approvals/approvals-section";
import { JobPage } from "@/features/jobs/job-page";
import { lazyPart } from "@/ui/lazy-part";

const DiffDialog = lazyPart(async () => (await import("@/features/diff/diff-dialog")).DiffDialog);

/** The job page, composed with approvals and the diffs of commits. */
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
      {commit && <DiffDialog workflowId={workflowId} sha={commit} onClose={() => setCommit(null)} />}
    </>
  );
}
