import { useCallback, useState } from "react";
import { useLive } from "@/live/context";
import { announce } from "@/ui/announcer";
import { discardDraft } from "@/ui/drafts";
import { plural } from "@/ui/plural";
import { confirm, prompt } from "@/ui/prompt-dialog";
import { toast } from "@/ui/toast";
import { type Command, type LaneAction, laneActions, performAll, type Result } from "./lane-actions";
import type { Lane } from "./lanes";

/** The results of one command on several lanes, as they come in. */
export interface Run {
  total: number;
  results: readonly Result[];
}

/** Asks for what an action needs, and carries it out on one lane or many. */
export function useLaneCommands(nameOf: (lane: Lane) => string) {
  const live = useLive();
  const [run, setRun] = useState<Run | null>(null);
  /** The lanes that a dialog asks a new assignee for. */
  const [reassigning, setReassigning] = useState<readonly Lane[] | null>(null);

  const send = useCallback(
    async (lanes: readonly Lane[], command: Command) => {
      const results: Result[] = [];
      const many = lanes.length > 1;
      if (many) setRun({ total: lanes.length, results });
      await performAll(
        lanes,
        command,
        nameOf,
        (job) => live.work.putJob(job),
        (result) => {
          results.push(result);
          if (many) setRun({ total: lanes.length, results: [...results] });
        },
      );
      const failed = results.filter(({ ok }) => !ok).length;
      const [first] = results;
      if (many) announce(failed > 0 ? `${results.length - failed} done, ${failed} not.` : `${results.length} done.`);
      else if (first?.ok) {
        toast(`${first.name}: ${first.text}`);
        announce(`${first.text}.`);
      } else if (first) toast.error(first.name, { description: first.text, duration: 8_000 });
      return failed === 0;
    },
    [live, nameOf],
  );

  const start = useCallback(
    async (lanes: readonly Lane[], action: LaneAction) => {
      const able = lanes.filter((lane) => laneActions(lane).includes(action));
      const what = able.length === 1 && able[0] ? `“${nameOf(able[0])}”` : plural(able.length, "lane");
      if (action === "reassign") setReassigning(lanes);
      else if (action === "message") {
        const draft = `lanes.${able.map(({ id }) => id).join(".")}.message`;
        const text = await prompt({
          title: `Message ${what}`,
          description: "It goes to the worker of a job, and as a comment to a ticket without an open job.",
          label: "Message",
          submit: "Send message",
          draft,
        });
        if (text !== null && (await send(lanes, { action, text }))) discardDraft(draft);
      } else {
        if (action === "cancel" && able.some(({ job }) => job && job.status !== "queued")) {
          const yes = await confirm({
            title: able.length === 1 ? `Cancel ${what}?` : `Cancel ${plural(able.length, "job")}?`,
            description: "Workers are asked to stop. Completed work is kept, and cancelled jobs can be retried.",
            submit: able.length === 1 ? "Cancel job" : "Cancel jobs",
          });
          if (!yes) return;
        }
        await send(lanes, { action });
      }
    },
    [nameOf, send],
  );
  return { run, clearRun: () => setRun(null), start, send, reassigning, setReassigning };
}
