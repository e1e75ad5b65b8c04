import { Link } from "@tanstack/react-router";
import { Bot, Plus } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import { explain } from "@/api";
import { useActors } from "@/api/hooks";
import { JOB_STATUS_STYLES, JOB_STATUSES } from "@/entities/job/job-status";
import { WorkflowFailure } from "@/entities/workflow/workflow-failure";
import { useBoardShape } from "@/live/context";
import { canEdit } from "@/live/state/board";
import { Button } from "@/ui/button";
import { isEscape } from "@/ui/enter-key";
import { Input, NativeSelect } from "@/ui/field";
import { ShowMore } from "@/ui/show-more";
import { Empty, Notice, Spinner } from "@/ui/states";
import { useDebouncedInput } from "@/ui/use-debounced-input";
import { useShortcuts } from "@/ui/use-shortcuts";
import { useTitle } from "@/ui/use-title";
import { CreateJobDialog } from "./create-job-dialog";
import type { JobListState, StatusFilter } from "./job-list-state";
import { JobRow } from "./job-row";
import { JobsHeader } from "./jobs-header";
import { PurgeJobs } from "./purge-jobs";
import { stageNames } from "./stage-names";
import { useJobList } from "./use-jobs";

interface Props {
  workflowId: string;
  state: JobListState;
  onState: (state: JobListState) => void;
  onOpen: (jobId: string) => void;
}

const PAUSE_MS = 200;

export function JobsPage({ workflowId, state, onState, onOpen }: Props) {
  const { shape, error, retry } = useBoardShape(workflowId);
  const { nameOf } = useActors(workflowId);
  const [creating, setCreating] = useState(false);
  const search = useRef<HTMLInputElement>(null);
  const list = useJobList(workflowId, state);
  const jobs = list.data?.pages.flatMap((page) => page.jobs) ?? [];
  const editable = shape !== undefined && shape.workflow.role !== "viewer" && !shape.workflow.archived_at;
  const nameOfStage = useMemo(() => stageNames(shape?.config), [shape?.config]);
  const filtering = Boolean(state.show || state.q || state.mine);
  useTitle(shape ? `Jobs · ${shape.workflow.name}` : "Jobs");
  useShortcuts({
    "/": {
      label: "Search jobs",
      group: "Jobs",
      run: (event) => {
        event.preventDefault();
        search.current?.focus();
      },
    },
    n: {
      label: "New job",
      group: "Jobs",
      when: editable,
      run: (event) => {
        event.preventDefault();
        setCreating(true);
      },
    },
  });

  if (error && !shape) return <WorkflowFailure what="jobs" error={error} onRetry={retry} />;
  if (!shape) return <Spinner label="Loading jobs…" className="flex-1" />;
  const newJobButton = editable && (
    <Button variant="primary" onClick={() => setCreating(true)}>
      <Plus /> New job
    </Button>
  );
  return (
    <div className="scroll-thin flex-1 overflow-y-auto">
      <div className="mx-auto grid w-full max-w-4xl gap-4 px-4 pt-6 pb-16">
        <JobsHeader workflowId={workflowId} name={shape.workflow.name} current="jobs">
          <PurgeJobs />
          {newJobButton}
        </JobsHeader>
        <search className="flex flex-wrap items-center gap-2">
          <TitleSearch
            value={state.q ?? ""}
            inputRef={search}
            onChange={(q) => onState({ ...state, q: q || undefined })}
          />
          <NativeSelect
            aria-label="Status"
            className="w-36"
            value={state.show ?? ""}
            onChange={({ target }) =>
              onState({ ...state, show: (target.value || undefined) as StatusFilter | undefined })
            }
          >
            <option value="">All statuses</option>
            <option value="open">Open</option>
            <option value="ended">Ended</option>
            <optgroup label="By status">
              {JOB_STATUSES.map((status) => (
                <option key={status} value={status}>
                  {JOB_STATUS_STYLES[status].name}
                </option>
              ))}
            </optgroup>
          </NativeSelect>
          <label className="flex items-center gap-1.5">
            <input
              type="checkbox"
              className="accent-primary"
              checked={state.mine ?? false}
              onChange={({ target }) => onState({ ...state, mine: target.checked || undefined })}
            />
            My jobs
          </label>
        </search>
        {list.isError && <Notice tone="danger">{explain(list.error)}</Notice>}
        {list.isPending && <Spinner label="Loading jobs…" />}
        {list.isSuccess && jobs.length === 0 && (
          <Empty
            icon={<Bot className="size-6" />}
            title={filtering ? "No jobs found" : "No jobs yet"}
            action={
              filtering ? (
                <Button onClick={() => onState({})}>Clear filters</Button>
              ) : (
                editable && (
                  <span className="flex flex-wrap justify-center gap-2">
                    {newJobButton}
                    {shape.workflow.role === "owner" && (
                      <Button asChild>
                        <Link to="/w/$workflowId/agents/new" params={{ workflowId }}>
                          Connect a worker
                        </Link>
                      </Button>
                    )}
                  </span>
                )
              )
            }
          >
            {filtering
              ? "No jobs match these filters."
              : "A job is one task for an agent. Workers claim jobs, report progress, and ask for input when they need it."}
          </Empty>
        )}
        {jobs.length > 0 && (
          <ul aria-label="Jobs" className="divide-y overflow-hidden rounded-xl border bg-surface shadow-card">
            {jobs.map((job) => (
              <JobRow key={job.job_id} job={job} nameOf={nameOf} nameOfStage={nameOfStage} />
            ))}
          </ul>
        )}
        <div className="text-center">
          <ShowMore list={list} />
        </div>
      </div>
      {creating && (
        <CreateJobDialog
          workflowId={workflowId}
          config={shape.config}
          withTicket={canEdit(shape.workflow)}
          onClose={() => setCreating(false)}
          onCreated={(job) => onOpen(job.job_id)}
        />
      )}
    </div>
  );
}

interface TitleSearchProps {
  value: string;
  inputRef: React.RefObject<HTMLInputElement | null>;
  onChange: (value: string) => void;
}

function TitleSearch({ value, inputRef, onChange }: TitleSearchProps) {
  const { text, setText } = useDebouncedInput(value, onChange, PAUSE_MS);
  return (
    <Input
      ref={inputRef}
      type="search"
      aria-label="Search jobs by title"
      placeholder="Search jobs"
      className="min-w-28 flex-1"
      value={text}
      onChange={(event) => setText(event.target.value)}
      onKeyDown={(event) => {
        if (!isEscape(event)) return;
        event.preventDefault();
        setText("");
        event.currentTarget.blur();
      }}
    />
  );
}
