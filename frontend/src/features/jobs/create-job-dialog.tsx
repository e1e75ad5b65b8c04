import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useRef } from "react";
import { explain, jobs } from "@/api";
import { randomId } from "@/api/random-id";
import type { BoardConfig, Job } from "@/api/types";
import { useLive } from "@/live/context";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { DraftNote } from "@/ui/draft-note";
import { isSubmit } from "@/ui/enter-key";
import { Field, Input, Textarea } from "@/ui/field";
import { Notice } from "@/ui/states";
import { useDraft } from "@/ui/use-draft";

interface Props {
  workflowId: string;
  config: BoardConfig;
  /** The job's ticket. Without one, `withTicket` creates a ticket for the job. */
  ticket?: { ticket_id: string; key: string; title: string };
  withTicket?: boolean;
  onClose: () => void;
  onCreated: (job: Job) => void;
}

/** The server moves tickets of failed jobs here, so it is no stage. */
const ERROR_COLUMN = "errored";

/** Defaults to the board's active columns, in order. */
function defaultStages(config: BoardConfig): string {
  return config.columns
    .filter(({ id, category }) => category === "active" && id !== ERROR_COLUMN)
    .map(({ id }) => id)
    .join(", ");
}

export function CreateJobDialog({ workflowId, config, ticket, withTicket, onClose, onCreated }: Props) {
  const live = useLive();
  const draft = useDraft(ticket ? `ticket.${ticket.ticket_id}.new-job` : `workflow.${workflowId}.new-job`, {
    title: ticket?.title ?? "",
    prompt: "",
    stages: defaultStages(config),
    type: "task",
  });
  const { title, prompt, stages, type } = draft.value;
  const set = (field: keyof typeof draft.value) => (event: { target: { value: string } }) =>
    draft.set((old) => ({ ...old, [field]: event.target.value }));
  // The idempotency key makes a double click create one job.
  const key = useRef(randomId());
  const create = useMutation({
    mutationFn: (queue: boolean) =>
      jobs.create(
        {
          workflow_id: workflowId,
          ...(ticket ? { ticket_id: ticket.ticket_id } : { with_ticket: withTicket }),
          title: title.trim() || undefined,
          initial_prompt: prompt.trim(),
          job_type: type.trim() || undefined,
          stages: stages.split(",").flatMap((stage) => stage.trim() || []),
          queue,
        },
        key.current,
      ),
    onSuccess: (job) => {
      draft.clear();
      live.work.putJob(job);
      onClose();
      onCreated(job);
    },
    onError: () => {
      key.current = randomId();
    },
  });
  const ready = (prompt.trim() !== "" || title.trim() !== "") && !create.isPending;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) create.mutate(true);
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={ticket ? `New job for ${ticket.key}` : "New job"}
      description={
        ticket || !withTicket
          ? "A worker claims the job once it is queued."
          : "A ticket is created on the board for the job."
      }
    >
      <form
        data-draft
        onSubmit={submit}
        onKeyDown={(event) => {
          if (isSubmit(event)) submit(event);
        }}
        className="grid gap-4"
      >
        <DraftNote draft={{ ...draft, baseChanged: false }} />
        {create.isError && <Notice tone="danger">{explain(create.error)}</Notice>}
        <Field label="Prompt">
          {(control) => (
            <Textarea
              {...control}
              className="min-h-28"
              autoFocus
              value={prompt}
              placeholder={ticket ? "The worker also gets the ticket." : undefined}
              onChange={set("prompt")}
            />
          )}
        </Field>
        <Field label="Title" hint={ticket ? undefined : "Defaults to the first line of the prompt."}>
          {(control) => <Input {...control} value={title} maxLength={500} onChange={set("title")} />}
        </Field>
        <div className="grid items-start gap-4 sm:grid-cols-[2fr_1fr]">
          <Field label="Stages" hint="Comma-separated, in order. The ticket follows stages named like a column.">
            {(control) => <Input {...control} value={stages} onChange={set("stages")} />}
          </Field>
          <Field label="Type" hint="Workers can filter by type.">
            {(control) => <Input {...control} value={type} maxLength={64} onChange={set("type")} />}
          </Field>
        </div>
        <DialogActions>
          <Button disabled={!ready} onClick={() => create.mutate(false)}>
            Save as draft
          </Button>
          <Button type="submit" variant="primary" disabled={!ready}>
            Queue job
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
