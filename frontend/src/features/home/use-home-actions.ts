/** What can be done about an item, in place. Decisions and marking as seen can be undone for a moment. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { explain, home, jobs } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { Decision, DecisionInput, Home, HomeItem } from "@/api/types";
import { draftPlace, writeDraft } from "@/entities/approval/drafts";
import { heldDecisions } from "@/entities/approval/held-decisions";
import { useLive } from "@/live/context";
import { announce } from "@/ui/announcer";
import { plural } from "@/ui/plural";
import { confirm, prompt } from "@/ui/prompt-dialog";
import { toast } from "@/ui/toast";
import { hiddenItems } from "./hidden-items";
import { titleOf } from "./sections";
import { cursorsOf } from "./visit";

export type HomeActions = ReturnType<typeof useHomeActions>;

export function useHomeActions() {
  const live = useLive();
  const queries = useQueryClient();
  // What is decided stays away until the server no longer lists it.
  useEffect(
    () =>
      heldDecisions.onOutcome(({ kind, held }) => {
        const reload = () => queries.invalidateQueries({ queryKey: queryKeys.home });
        if (kind === "decided") hiddenItems.hide([held.approval.id], reload, 0);
        else if (kind === "refused") void reload();
      }),
    [queries],
  );
  return useMemo(() => {
    const refresh = () => queries.invalidateQueries({ queryKey: queryKeys.home });
    /** Hides an item while a request runs; it stays away if that succeeds. */
    const act = (item: HomeItem, done: string, failed: string, request: () => Promise<unknown>): void => {
      const send = async () => {
        try {
          await request();
          toast.success(done);
          announce(done);
        } catch (error) {
          toast.error(failed, { description: explain(error), duration: 8_000 });
        }
        await refresh();
      };
      hiddenItems.hide([item.id], send, 0);
    };
    const mark = (ids: readonly string[], label: string, body: Parameters<typeof home.markVisited>[0]): void => {
      const send = async () => {
        try {
          await home.markVisited(body);
        } catch (error) {
          toast.error("Could not save what you have seen", { description: explain(error), duration: 8_000 });
        }
        await refresh();
      };
      const undo = hiddenItems.hide(ids, send);
      toast(label, { duration: 5_500, action: { label: "Undo", onClick: undo } });
      announce(label);
    };

    const decide = (item: HomeItem, decision: Decision, input: DecisionInput = {}): void => {
      if (item.approval) heldDecisions.hold(item.approval, decision, input);
    };
    /** A text of a dialog: undoing the decision gives it back. */
    const decideWith = (item: HomeItem, decision: Decision, text: string): void => {
      writeDraft(item.id, text);
      decide(item, decision, decision === "answer" ? { answer: text } : { reason: text });
    };
    return {
      decide,
      async answer(item: HomeItem): Promise<void> {
        const answer = await prompt({
          title: "Answer question",
          description: titleOf(item),
          label: "Answer",
          submit: "Answer",
          draft: draftPlace(item.id),
        });
        if (answer !== null) decideWith(item, "answer", answer);
      },
      async reject(item: HomeItem): Promise<void> {
        const reason = await prompt({
          title: item.kind === "review" ? "Reject review" : "Reject request",
          description: titleOf(item),
          label: "Reason",
          submit: "Reject",
          draft: draftPlace(item.id),
        });
        if (reason !== null) decideWith(item, "reject", reason);
      },
      retry(item: HomeItem): void {
        act(item, `“${titleOf(item)}” queued again`, `Could not retry “${titleOf(item)}”`, async () => {
          live.work.putJob(await jobs.act(item.job_id ?? item.id, "retry"));
        });
      },
      async cancel(item: HomeItem): Promise<void> {
        const yes = await confirm({
          title: `Cancel “${titleOf(item)}”?`,
          description: "The worker is asked to stop. Completed work is kept.",
          submit: "Cancel job",
        });
        if (!yes) return;
        act(item, "Cancellation requested", `Could not cancel “${titleOf(item)}”`, async () => {
          live.work.putJob(await jobs.act(item.job_id ?? item.id, "cancel"));
        });
      },
      markSeen(item: HomeItem): void {
        mark([item.id], item.kind === "mention" ? "Marked as read" : "Marked as seen", { items: [item.id] });
      },
      /** Reports an opened mention as read at once; it stays until Home is read again. */
      opened(item: HomeItem): void {
        if (item.kind === "mention") void home.markVisited({ items: [item.id] }).then(refresh, () => undefined);
      },
      /** Everything but what waits for the user. */
      markAllSeen(shown: Home, workflowId: string | undefined): void {
        const { failed, stuck, mentions, finished, expired } = shown;
        const ids = [failed, stuck, mentions, finished, expired].flat().map(({ id }) => id);
        mark(ids, `${plural(ids.length, "item")} marked as seen`, {
          epoch: shown.epoch,
          workflows: cursorsOf(shown, workflowId),
          handled: true,
          // What is stuck has no end; these are known by their ids.
          items: stuck.map(({ id }) => id),
        });
      },
    };
  }, [live, queries]);
}
