import { Bot, Play } from "lucide-react";
import { useState } from "react";
import { explain } from "@/api";
import type { NameOf } from "@/api/hooks";
import type { BoardConfig } from "@/api/types";
import { hasEnded } from "@/live/jobs";
import { Button } from "@/ui/button";
import { Notice } from "@/ui/states";
import { StartJob } from "./create-job-dialog";
import { JobActions } from "./job-actions";
import { JobRow } from "./job-row";
import { stageNames } from "./stage-names";
import { useTicketJobs } from "./use-jobs";

interface Props {
  ticket: { ticket_id: string; key: string; title: string; workflow_id: string };
  config: BoardConfig;
  nameOf: NameOf;
  editable: boolean;
  onOpenJob: (jobId: string) => void;
}

const MOST_ENDED = 3;

/** What agents do and did about a ticket. */
export function TicketJobs({ ticket, config, nameOf, editable, onOpenJob }: Props) {
  const list = useTicketJobs(ticket.ticket_id);
  const [starting, setStarting] = useState(false);
  const [all, setAll] = useState(false);
  const jobs = list.data?.jobs ?? [];
  const ended = jobs.filter(({ status }) => hasEnded(status));
  const shown = [...jobs.filter(({ status }) => !hasEnded(status)), ...(all ? ended : ended.slice(0, MOST_ENDED))];
  if (!editable && jobs.length === 0 && !list.isError) return null;
  return (
    <section aria-label="Jobs" className="grid gap-2">
      <div className="flex items-center gap-2">
        <h3 className="flex items-center gap-1.5 font-semibold text-xs">
          <Bot className="size-3.5 text-muted-foreground" aria-hidden="true" /> Jobs
        </h3>
        {editable && (
          <Button variant="ghost" size="sm" className="ml-auto" onClick={() => setStarting(true)}>
            <Play /> Start a job
          </Button>
        )}
      </div>
      {list.isError && <Notice tone="danger">{explain(list.error)}</Notice>}
      {shown.length > 0 && (
        <ul className="divide-y overflow-hidden rounded-lg border">
          {shown.map((job) => (
            <JobRow key={job.job_id} job={job} nameOf={nameOf} nameOfStage={stageNames(config)} ofTicket>
              {editable && job.status !== "succeeded" && <JobActions job={job} size="sm" />}
            </JobRow>
          ))}
        </ul>
      )}
      {!all && ended.length > MOST_ENDED && (
        <Button variant="ghost" size="sm" onClick={() => setAll(true)}>
          Show {ended.length - MOST_ENDED} more
        </Button>
      )}
      {starting && (
        <StartJob
          workflowId={ticket.workflow_id}
          config={config}
          ticket={ticket}
          onClose={() => setStarting(false)}
          onStarted={(job) => {
            if (job.status === "collecting") onOpenJob(job.job_id);
          }}
        />
      )}
    </section>
  );
}
