import { Link } from "@tanstack/react-router";
import { ArrowLeft, TerminalSquare } from "lucide-react";
import { type ReactNode, useCallback, useMemo, useRef, useState } from "react";
import { explain, isNotFound, messages } from "@/api";
import { useActors, useMe } from "@/api/hooks";
import type { Job, Message } from "@/api/types";
import { JOB_STATUS_STYLES, JobStatusBadge } from "@/entities/job/job-status";
import { useBoardShape, useJobRoom } from "@/live/context";
import { hasEnded } from "@/live/state/jobs";
import { Button } from "@/ui/button";
import { Composer } from "@/ui/composer";
import { VisibleText } from "@/ui/invisible";
import { Progress } from "@/ui/progress";
import { confirm } from "@/ui/prompt-dialog";
import { Empty, Notice, Spinner } from "@/ui/states";
import { toast } from "@/ui/toast";
import { useShortcuts } from "@/ui/use-shortcuts";
import { useTitle } from "@/ui/use-title";
import { JobActions } from "./job-actions";
import { JobDetails } from "./job-details";
import { JobPrompt } from "./job-prompt";
import { JobResult } from "./job-result";
import { stageNames } from "./stage-names";
import { Stepper } from "./stepper";
import { Transcript } from "./transcript";
import { useJob } from "./use-jobs";

interface Props {
  workflowId: string;
  jobId: string;
  onClose: () => void;
  onCommit: (sha: string) => void;
  /** Content of other features, such as approvals. */
  renderAside?: (job: Job) => ReactNode;
}

export function JobPage(props: Props) {
  const { data, error, isPending } = useJob(props.jobId);
  const notFound = isNotFound(error);
  if (data && !notFound) return <Loaded {...props} job={data} />;
  if (isPending) return <Spinner label="Loading the job…" className="flex-1" />;
  return (
    <div className="grid flex-1 place-items-center">
      <Empty
        title={notFound ? "Job not found" : "Could not load the job"}
        action={<Button onClick={props.onClose}>View all jobs</Button>}
      >
        {notFound ? "It was deleted, or you do not have access to its workflow." : explain(error)}
      </Empty>
    </div>
  );
}

function Loaded({ workflowId, jobId, job, onClose, onCommit, renderAside }: Props & { job: Job }) {
  const { shape } = useBoardShape(workflowId);
  const { nameOf } = useActors(workflowId);
  const me = useMe();
  const { room, view } = useJobRoom(jobId);
  const [showLogs, setShowLogs] = useState(true);
  const composer = useRef<HTMLTextAreaElement>(null);
  const nameOfStage = useMemo(() => stageNames(shape?.config), [shape?.config]);
  const role = shape?.workflow.role;
  const editable = shape !== undefined && role !== "viewer" && !shape.workflow.archived_at;
  const isOwner = role === "owner" || me?.is_admin === true;
  useTitle(job.title);
  useShortcuts({
    Escape: { label: "Back to jobs", group: "Job", run: onClose },
    c: {
      label: "Write a message",
      group: "Job",
      run: (event) => {
        event.preventDefault();
        composer.current?.focus();
      },
    },
  });

  const canDelete = useCallback(
    (message: Message) => editable && (isOwner || message.agent_id === me?.id),
    [editable, isOwner, me?.id],
  );
  const remove = useCallback(
    async (message: Message) => {
      const yes = await confirm({
        title: "Delete message?",
        description: "It is removed from the transcript for everybody. It cannot be restored.",
        submit: "Delete message",
      });
      if (!yes) return;
      try {
        await messages.remove(message.message_id);
        room?.remove(message.message_id);
      } catch (error) {
        toast.error("Could not delete the message", { description: explain(error) });
      }
    },
    [room],
  );
  const sendMessage = async (text: string) => {
    try {
      room?.add(await messages.post(jobId, text));
      return true;
    } catch (error) {
      toast.error("Could not send the message", { description: explain(error), duration: 8_000 });
      return false;
    }
  };

  return (
    <div className="scroll-thin flex min-h-0 flex-1 flex-col overflow-y-auto lg:overflow-hidden">
      <header className="grid shrink-0 grid-cols-[minmax(0,1fr)] gap-2.5 border-b bg-surface px-4 py-2.5">
        <div className="flex flex-wrap items-center gap-2">
          <Button variant="ghost" size="icon" asChild>
            <Link to="/w/$workflowId/jobs" params={{ workflowId }} search={true} aria-label="Back to jobs">
              <ArrowLeft />
            </Link>
          </Button>
          <h1
            dir="auto"
            className="min-w-0 flex-1 basis-[calc(100%-3rem)] truncate font-semibold text-sm sm:flex-none sm:basis-auto"
          >
            <VisibleText text={job.title} />
          </h1>
          <JobStatusBadge
            status={job.status}
            stopping={job.cancel_requested && !hasEnded(job.status)}
            noWorker={job.no_worker}
          />
          <div className="ml-auto">{editable && <JobActions job={job} onRemoved={onClose} />}</div>
        </div>
        <Stepper job={job} nameOfStage={nameOfStage} />
        {job.status !== "collecting" && (
          <div className="flex items-center gap-3">
            <Progress
              value={job.progress}
              label="Progress"
              tone={JOB_STATUS_STYLES[job.status].bar}
              className="max-w-md flex-1"
            />
            <span className="tabular text-muted-foreground text-xs">{Math.round(job.progress)}%</span>
            {job.progress_message && !hasEnded(job.status) && (
              <span
                dir="auto"
                className="min-w-0 truncate text-muted-foreground text-xs"
                data-testid="progress-message"
              >
                {job.progress_message}
              </span>
            )}
          </div>
        )}
      </header>
      <div className="grid min-h-0 flex-1 content-start lg:grid-cols-[minmax(0,1fr)_20rem] lg:grid-rows-[auto_minmax(0,1fr)] lg:content-stretch">
        {/* First in the single-column layout, because it needs attention. */}
        <div className="scroll-thin grid content-start gap-3 px-4 empty:hidden max-lg:py-3 lg:col-start-2 lg:max-h-[60vh] lg:overflow-y-auto lg:border-l lg:bg-sunken/60 lg:pt-4">
          {job.error && <Failure job={job} />}
          {renderAside?.(job)}
        </div>
        <section
          aria-label="Conversation"
          className="flex h-[75vh] min-h-0 min-w-0 flex-col max-lg:border-t lg:col-start-1 lg:row-span-2 lg:row-start-1 lg:h-auto"
        >
          <div className="flex h-9 shrink-0 items-center justify-between border-b px-4 text-xs">
            <h2 className="font-semibold">Transcript</h2>
            <Button variant="ghost" size="sm" aria-pressed={showLogs} onClick={() => setShowLogs((old) => !old)}>
              <TerminalSquare /> {showLogs ? "Hide logs" : "Show logs"}
            </Button>
          </div>
          <Transcript
            room={room}
            view={view}
            showLogs={showLogs}
            me={me?.id}
            nameOfStage={nameOfStage}
            canDelete={canDelete}
            onDelete={remove}
            emptyText={job.attempt === 0 ? "No messages yet. Messages from the worker appear here." : "No messages."}
          />
          {editable && (
            <div className="shrink-0 border-t p-3">
              <Composer
                label={hasEnded(job.status) ? "Add a note" : "Message the worker"}
                submit="Send"
                draft={`job.${jobId}.message`}
                inputRef={composer}
                onSend={sendMessage}
              />
            </div>
          )}
        </section>
        <aside
          aria-label="Job details"
          className="scroll-thin grid content-start gap-5 overflow-y-auto border-t bg-sunken/60 px-4 py-4 lg:col-start-2 lg:row-start-2 lg:border-t-0 lg:border-l"
        >
          <JobDetails job={job} nameOf={nameOf} onCommit={onCommit} />
          <JobResult result={job.result} />
          <JobPrompt job={job} editable={editable} />
        </aside>
      </div>
    </div>
  );
}

function Failure({ job }: { job: Job }) {
  const failed = job.status === "failed";
  return (
    <Notice tone={failed ? "danger" : "warning"}>
      <span className="block font-semibold">{failed ? "Job failed" : "Last attempt failed"}</span>
      <span className="whitespace-pre-wrap [overflow-wrap:anywhere]">{job.error}</span>
    </Notice>
  );
}
