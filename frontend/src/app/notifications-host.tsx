import { useNavigate, useParams } from "@tanstack/react-router";
import { useCallback } from "react";
import { AgentAlarms } from "@/features/agents/agent-alarms";
import { ApprovalToasts } from "@/features/approvals/approval-toasts";
import { JobToasts } from "@/features/jobs/job-toasts";
import { useWatchWorkflow } from "@/live/context";

/** Subscribes to the open workflow and shows job and approval notifications on every page. */
export function NotificationsHost() {
  const { workflowId } = useParams({ strict: false }) as { workflowId?: string };
  const navigate = useNavigate();
  useWatchWorkflow(workflowId);
  const open = useCallback(
    (id: string, jobId: string) =>
      void navigate({ to: "/w/$workflowId/jobs/$jobId", params: { workflowId: id, jobId }, search: {} }),
    [navigate],
  );
  const openAgents = useCallback(
    (id: string) => void navigate({ to: "/w/$workflowId/agents", params: { workflowId: id } }),
    [navigate],
  );
  const answer = useCallback(
    (approval: string) => void navigate({ to: "/approvals", search: { focus: approval } }),
    [navigate],
  );
  return (
    <>
      <JobToasts onOpen={open} />
      <AgentAlarms onOpen={openAgents} />
      <ApprovalToasts onAnswer={answer} />
    </>
  );
}
