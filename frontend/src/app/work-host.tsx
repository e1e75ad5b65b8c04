import { useNavigate, useParams } from "@tanstack/react-router";
import { useCallback } from "react";
import { JobNotices } from "@/features/jobs/notices";
import { useWatch } from "@/live/context";

/** Hears of a workflow's work, whatever of it is on the screen. */
export function WorkHost() {
  const { workflowId } = useParams({ strict: false }) as { workflowId?: string };
  const navigate = useNavigate();
  useWatch(workflowId);
  const open = useCallback(
    (id: string, jobId: string) =>
      void navigate({ to: "/w/$workflowId/jobs/$jobId", params: { workflowId: id, jobId }, search: {} }),
    [navigate],
  );
  return <JobNotices onOpen={open} />;
}
