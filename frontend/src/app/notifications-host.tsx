import { useNavigate, useParams } from "@tanstack/react-router";
import { lazy, Suspense, useCallback } from "react";
import { InboxButton } from "@/features/approvals/inbox-button";
import { useWatchWorkflow } from "@/live/context";
import { loadPart, useLater } from "@/ui/load-part";

const ToastsHost = lazy(() => loadPart(async () => ({ default: (await import("./toasts-host")).ToastsHost })));

/** Subscribes to the open workflow and shows job and approval notifications on every page. */
export function NotificationsHost() {
  const { workflowId } = useParams({ strict: false }) as { workflowId?: string };
  const navigate = useNavigate();
  const later = useLater();
  useWatchWorkflow(workflowId);
  const open = useCallback(
    (id: string, jobId: string) =>
      void navigate({ to: "/w/$workflowId/jobs/$jobId", params: { workflowId: id, jobId }, search: {} }),
    [navigate],
  );
  const answer = useCallback(
    (approval: string) => void navigate({ to: "/approvals", search: { focus: approval } }),
    [navigate],
  );
  return (
    <>
      <InboxButton />
      <Suspense>{later && <ToastsHost onJob={open} onApproval={answer} />}</Suspense>
    </>
  );
}
