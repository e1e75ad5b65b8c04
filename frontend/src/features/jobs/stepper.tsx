import { Check, LoaderCircle } from "lucide-react";
import type { Job } from "@/api/types";
import { hasEnded } from "@/live/state/jobs";
import { cn } from "@/ui/cn";
import type { StageName } from "./stage-names";

/** The stages of a job with the completed and current ones marked. */
export function Stepper({ job, nameOfStage }: { job: Job; nameOfStage: StageName }) {
  // A worker can enter a stage that is not in the job's list.
  const stages = job.stage && !job.stages.includes(job.stage) ? [...job.stages, job.stage] : job.stages;
  if (stages.length === 0) return null;
  const currentIndex = job.stage ? stages.indexOf(job.stage) : -1;
  const succeeded = job.status === "succeeded";
  return (
    <ol aria-label="Stages" className="flex flex-wrap gap-x-1 gap-y-2">
      {stages.map((stage, i) => {
        const completed = succeeded || i < currentIndex;
        const current = !succeeded && i === currentIndex;
        return (
          <li
            key={stage}
            aria-current={current ? "step" : undefined}
            className={cn(
              "flex items-center gap-1.5 text-xs",
              i > 0 && "before:mr-0.5 before:h-px before:w-4 before:bg-border-strong before:content-['']",
              current ? "font-semibold" : completed ? "text-foreground" : "text-muted-foreground",
            )}
          >
            <span
              aria-hidden="true"
              className={cn(
                "grid size-5 shrink-0 place-items-center rounded-full border text-2xs",
                completed && "border-success bg-success-soft text-success",
                current && job.status === "failed" && "border-danger bg-danger-soft text-danger",
                current && job.status !== "failed" && "border-primary bg-accent text-accent-foreground",
                !completed && !current && "border-border-strong",
              )}
            >
              {completed ? (
                <Check className="size-3" />
              ) : current && job.status === "running" ? (
                <LoaderCircle className="size-3 animate-spin" />
              ) : (
                i + 1
              )}
            </span>
            {nameOfStage(stage)}
            <span className="sr-only">
              {completed ? ", done" : current ? (hasEnded(job.status) ? ", stopped here" : ", current") : ""}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
