import { Bot, Play } from "lucide-react";
import { useState } from "react";
import { explain } from "@/api";
import type { NameOf } from "@/api/hooks";
import type { BoardConfig, Card } from "@/api/types";
import { useSilences } from "@/live/attention";
import { type Failures, failuresOf } from "@/live/state/failures";
import { hasEnded } from "@/live/state/jobs";
import { Button } from "@/ui/button";
import { Notice } from "@/ui/states";
import { CreateJobDialog } from "./create-job-dialog";
import { JobActions } from "./job-actions";
import { JobRow } from "./job-row";
import { stageNames } from "./stage-names";
import { useTicketJobs } from "./use-jobs";

interface Props {
  ticket: Pick<Card, "ticket_id" | "key" | "title" | "workflow_id" | "status" | "assigned_agent_id" | "is_resolved">;
  config: BoardConfig;
  nameOf: NameOf;
  editable: boolean;
  onOpenJob: (jobId: string) => void;
}

const ENDED_SHOWN = 3;
const NO_FAILURES: Failures = new Map();

/** Jobs of a ticket: failed ones that nobody has dealt with first, then open ones, then ended ones. */
export function TicketJobs({ ticket, config, nameOf, editable, onOpenJob }: Props) {
  const list = useTicketJobs(ticket.ticket_id);
  const [creating, setCreating] = useState(false);
  const [showAll, setShowAll] = useState(false);
  const jobs = list.data?.jobs ?? [];
  const category = config.columns.find(({ id }) => id === ticket.status)?.category;
  const finished = ticket.is_resolved || category === "done";
  const failures = finished ? NO_FAILURES : failuresOf(jobs);
  const failed = jobs.filter(({ job_id }) => failures.has(job_id));
  const open = jobs.filter(({ status }) => !hasEnded(status));
  const ended = jobs.filter(({ job_id, status }) => hasEnded(status) && !failures.has(job_id));
  const shown = [...failed, ...open, ...(showAll ? ended : ended.slice(0, ENDED_SHOWN))];
  const silences = useSilences(ticket.workflow_id).data;
  const silence = finished || category !== "active" ? undefined : silences?.get(ticket.assigned_agent_id ?? "");
  if (!editable && jobs.length === 0 && !silence && !list.isError) return null;
  return (
    <section aria-label="Jobs" className="grid gap-2">
      <div className="flex items-center gap-2">
        <h3 className="flex items-center gap-1.5 font-semibold text-xs">
          <Bot className="size-3.5 text-muted-foreground" aria-hidden="true" /> Jobs
        </h3>
        {editable && (
          <Button variant="ghost" size="sm" className="ml-auto" onClick={() => setCreating(true)}>
            <Play /> New job
          </Button>
        )}
      </div>
      {list.isError && <Notice tone="danger">{explain(list.error)}</Notice>}
      {silence && (
        <Notice tone="danger">
          {silence.finding.message} {silence.finding.suggestion?.message}
        </Notice>
      )}
      {shown.length > 0 && (
        <ul className="divide-y overflow-hidden rounded-lg border">
          {shown.map((job) => (
            <JobRow
              key={job.job_id}
              job={job}
              nameOf={nameOf}
              nameOfStage={stageNames(config)}
              ofTicket
              alarming={failures.has(job.job_id)}
            >
              {editable && job.status !== "succeeded" && <JobActions job={job} size="sm" />}
            </JobRow>
          ))}
        </ul>
      )}
      {!showAll && ended.length > ENDED_SHOWN && (
        <Button variant="ghost" size="sm" onClick={() => setShowAll(true)}>
          Show {ended.length - ENDED_SHOWN} more
        </Button>
      )}
      {creating && (
        <CreateJobDialog
          workflowId={ticket.workflow_id}
          config={config}
          ticket={ticket}
          onClose={() => setCreating(false)}
          onCreated={(job) => {
            if (job.status === "collecting") onOpenJob(job.job_id);
          }}
        />
      )}
    </section>
  );
}
