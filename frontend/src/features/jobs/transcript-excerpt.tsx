import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { explain } from "@/api";
import { useMe } from "@/api/hooks";
import { useBoardShape, useJobRoom } from "@/live/context";
import { Notice, Spinner } from "@/ui/states";
import { stageNames } from "./stage-names";
import { TranscriptBlock } from "./transcript-block";
import { toBlocks } from "./transcript-blocks";

interface Props {
  workflowId: string;
  jobId: string;
  /** How many of the last messages and lines are shown. */
  count?: number;
}

const NEVER = () => false;
const NOTHING = () => undefined;

/** The end of a job's transcript, live. */
export function TranscriptExcerpt({ workflowId, jobId, count = 30 }: Props) {
  const { view } = useJobRoom(jobId);
  const { shape } = useBoardShape(workflowId);
  const me = useMe();
  const nameOfStage = useMemo(() => stageNames(shape?.config), [shape?.config]);
  const blocks = useMemo(() => toBlocks(view.messages.slice(-count)), [view.messages, count]);
  const hidden = view.hasEarlier || view.messages.length > count;
  return (
    <section aria-label="Transcript" className="grid gap-2">
      <div className="flex items-baseline justify-between gap-2 text-xs">
        <h2 className="font-semibold">{hidden ? "End of the transcript" : "Transcript"}</h2>
        <Link
          to="/w/$workflowId/jobs/$jobId"
          params={{ workflowId, jobId }}
          search={{}}
          className="rounded text-accent-foreground hover:underline"
        >
          Whole transcript
        </Link>
      </div>
      {view.state === "loading" && <Spinner label="Loading the transcript…" className="p-3" />}
      {view.state === "failed" && blocks.length === 0 && (
        <Notice tone="warning">Could not load the transcript. {explain(view.error)}</Notice>
      )}
      {view.state === "ready" && blocks.length === 0 && (
        <p className="text-muted-foreground text-xs">The job has no messages yet.</p>
      )}
      <div className="grid grid-cols-[minmax(0,1fr)] gap-2">
        {blocks.map((block) => (
          <TranscriptBlock
            key={block.key}
            block={block}
            me={me?.id}
            nameOfStage={nameOfStage}
            canDelete={NEVER}
            onDelete={NOTHING}
          />
        ))}
      </div>
    </section>
  );
}
