import { useNavigate, useParams } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import type { Approval } from "@/api/types";
import { ReviewPage } from "@/features/approvals/review/review-page";
import type { DiffSlot } from "@/features/approvals/review/slots";
import { EmbeddedDiff } from "@/features/diff/embedded-diff";
import { keyOfLine } from "@/features/diff/model/line-targets";
import { TranscriptExcerpt } from "@/features/jobs/transcript-excerpt";
import { lazyPart } from "@/ui/lazy-part";

const DiffDialog = lazyPart(async () => (await import("@/features/diff/diff-dialog")).DiffDialog);

/** A review with the diffs of its ticket and the transcript of its job. Features do not import each other. */
export function ReviewRoute() {
  const { workflowId, approvalId } = useParams({ from: "/inside/shell/w/$workflowId/review/$approvalId" });
  const navigate = useNavigate();
  const [wholeDiff, setWholeDiff] = useState<{ workflowId: string; sha: string } | null>(null);
  const open = useCallback(
    ({ id, workflow_id }: Pick<Approval, "id" | "workflow_id">) =>
      void navigate({
        to: "/w/$workflowId/review/$approvalId",
        params: { workflowId: workflow_id, approvalId: id },
      }),
    [navigate],
  );
  const leave = useCallback(
    () => void navigate({ to: "/approvals", search: { focus: approvalId } }),
    [navigate, approvalId],
  );
  return (
    <>
      <ReviewPage
        approvalId={approvalId}
        onOpen={open}
        onLeave={leave}
        renderDiff={(slot) => <Diff key={slot.sha} slot={slot} onOpen={setWholeDiff} />}
        renderTranscript={(jobId) => <TranscriptExcerpt key={jobId} workflowId={workflowId} jobId={jobId} />}
      />
      {wholeDiff && <DiffDialog {...wholeDiff} onClose={() => setWholeDiff(null)} />}
    </>
  );
}

function Diff({ slot, onOpen }: { slot: DiffSlot; onOpen: (diff: { workflowId: string; sha: string }) => void }) {
  const { workflowId, sha, lines, below, onPick, fallback, control } = slot;
  const keys = lines.map(keyOfLine).join("\n");
  // The same set while only the texts change, so that no line is measured again.
  const marked = useMemo(() => new Set(keys ? keys.split("\n") : []), [keys]);
  return (
    <EmbeddedDiff
      ref={control}
      workflowId={workflowId}
      sha={sha}
      marked={marked}
      below={below}
      onPick={onPick}
      onOpen={() => onOpen({ workflowId, sha })}
      fallback={fallback}
    />
  );
}
