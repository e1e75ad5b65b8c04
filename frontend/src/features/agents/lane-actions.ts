/** Actions on lanes, one or many. */
import { comments, explain, jobs, messages, tickets } from "@/api";
import type { Job, JobAction } from "@/api/types";
import { ACTION_RESULTS, actionsFor } from "@/entities/job/actions";
import { hasEnded } from "@/live/state/jobs";
import type { Lane } from "./lanes";

export type LaneAction = Exclude<JobAction, "continue"> | "message" | "reassign";
export const LANE_ACTIONS: readonly LaneAction[] = ["pause", "resume", "retry", "message", "reassign", "cancel"];

/** What an action does, with the text of a message or the new assignee. */
export type Command =
  | { action: Exclude<LaneAction, "message" | "reassign"> }
  | { action: "message"; text: string }
  | { action: "reassign"; to: string | null; name: string };

export interface Result {
  laneId: string;
  /** The ticket and job, or the agent. */
  name: string;
  ok: boolean;
  text: string;
}

export function laneActions({ job, ticket }: Lane): readonly LaneAction[] {
  const allowed = new Set<string>(job ? actionsFor(job) : []);
  if (ticket || (job && !hasEnded(job.status))) allowed.add("message");
  if (ticket) allowed.add("reassign");
  return LANE_ACTIONS.filter((action) => allowed.has(action));
}

/** Carries out a command; what it did in a few words. */
export async function perform({ job, ticket }: Lane, command: Command, onJob: (job: Job) => void): Promise<string> {
  switch (command.action) {
    case "message":
      // An ended job has no worker that would read it.
      if (job && !hasEnded(job.status)) {
        await messages.post(job.job_id, command.text);
        return "Message sent";
      }
      if (!ticket) throw new Error("There is no job or ticket to write to.");
      await comments.add(ticket.ticket_id, command.text);
      return `Commented on ${ticket.key}`;
    case "reassign":
      if (!ticket) throw new Error("There is no ticket to reassign.");
      await tickets.update(ticket.ticket_id, { assigned_agent_id: command.to });
      return command.to ? `${ticket.key} assigned to ${command.name}` : `${ticket.key} unassigned`;
    default: {
      if (!job) throw new Error("There is no job.");
      const now = await jobs.act(job.job_id, command.action);
      onJob(now);
      const text = now.cancel_requested && !hasEnded(now.status) ? "stopping" : ACTION_RESULTS[command.action];
      return `Job ${text}`;
    }
  }
}

const AT_ONCE = 4;

/** Carries out a command on lanes, a few at a time. Lanes that do not allow it say so; one failure does not stop the others. */
export async function performAll(
  lanes: readonly Lane[],
  command: Command,
  nameOf: (lane: Lane) => string,
  onJob: (job: Job) => void,
  onResult: (result: Result) => void,
): Promise<void> {
  const rest = [...lanes];
  const work = async () => {
    for (let lane = rest.shift(); lane; lane = rest.shift()) {
      const about = { laneId: lane.id, name: nameOf(lane) };
      if (!laneActions(lane).includes(command.action)) {
        onResult({ ...about, ok: false, text: "Not possible in its state" });
        continue;
      }
      try {
        onResult({ ...about, ok: true, text: await perform(lane, command, onJob) });
      } catch (error) {
        onResult({ ...about, ok: false, text: explain(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
