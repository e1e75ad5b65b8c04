import { Pencil } from "lucide-react";
import { useState } from "react";
import { explain, jobs } from "@/api";
import type { Job } from "@/api/types";
import { RichText } from "@/entities/ticket/rich-text";
import { useLive } from "@/live/context";
import { Button } from "@/ui/button";
import { Composer } from "@/ui/composer";
import { DraftMark } from "@/ui/draft-note";
import { toast } from "@/ui/toast";
import { useShortcuts } from "@/ui/use-shortcuts";

/** The job's prompt, editable until the job is queued. */
export function JobPrompt({ job, editable }: { job: Job; editable: boolean }) {
  const live = useLive();
  const [editing, setEditing] = useState(false);
  const draft = `job.${job.job_id}.prompt`;
  const canEdit = editable && job.status === "collecting";
  useShortcuts({
    e: {
      label: "Edit the prompt",
      group: "Job",
      when: canEdit,
      run: (event) => {
        event.preventDefault();
        setEditing(true);
      },
    },
  });
  const save = async (initial_prompt: string) => {
    try {
      live.work.putJob(await jobs.update(job.job_id, { initial_prompt }));
      setEditing(false);
      toast.success("Prompt saved");
      return true;
    } catch (error) {
      toast.error("Could not save the prompt", { description: explain(error), duration: 8_000 });
      return false;
    }
  };
  return (
    <section aria-label="Prompt" className="grid gap-1.5">
      <div className="flex h-6 items-center gap-2">
        <h2 className="font-semibold text-xs">Prompt</h2>
        {canEdit && !editing && <DraftMark place={draft} onOpen={() => setEditing(true)} />}
        {canEdit && !editing && (
          <Button variant="ghost" size="sm" className="ml-auto" onClick={() => setEditing(true)}>
            <Pencil /> Edit prompt
          </Button>
        )}
      </div>
      {editing && canEdit ? (
        <Composer
          label="Prompt"
          draft={draft}
          submit="Save prompt"
          initial={job.initial_prompt}
          autoFocus
          onSend={save}
          onCancel={() => setEditing(false)}
        />
      ) : job.initial_prompt ? (
        <div className="scroll-thin max-h-56 overflow-y-auto">
          <RichText text={job.initial_prompt} />
        </div>
      ) : (
        <p className="text-muted-foreground">No prompt.</p>
      )}
    </section>
  );
}
