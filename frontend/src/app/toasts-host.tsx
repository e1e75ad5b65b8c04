import { ApprovalToasts } from "@/features/approvals/approval-toasts";
import { JobToasts } from "@/features/jobs/job-toasts";

interface Props {
  onJob: (workflowId: string, jobId: string) => void;
  onApproval: (approvalId: string) => void;
}

/** The toasts of jobs and approvals. The first page can wait for them. */
export function ToastsHost({ onJob, onApproval }: Props) {
  return (
    <>
      <JobToasts onOpen={onJob} />
      <ApprovalToasts onAnswer={onApproval} />
    </>
  );
}
