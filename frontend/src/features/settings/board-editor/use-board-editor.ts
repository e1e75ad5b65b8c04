/** The draft of a board, what is wrong with it, and saving it. */
import { useMutation } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { explain, Problem, workflows } from "@/api";
import type { BoardConfig } from "@/api/types";
import type { BoardState } from "@/live/state/board";
import { toast } from "@/ui/toast";
import { useDraft } from "@/ui/use-draft";
import { toBoardChange } from "./board-change";
import { withTargets } from "./board-plan";
import { type Draft, readStoredDraft, toDraft } from "./draft";
import { focusPath } from "./field-fault";
import { type Fault, faultsOf, faultsOfProblem } from "./problems";

/** Somebody else saved the board since the draft was begun. */
class SavedMeanwhile extends Error {}

const byOrder = (config: BoardConfig): BoardConfig => ({
  ...config,
  columns: [...config.columns].sort((a, b) => a.order - b.order),
});

export function useBoardEditor(board: BoardState, workflowId: string) {
  // What the server has answered, until the stream has brought it.
  const [newer, setNewer] = useState<BoardConfig | null>(null);
  const { config } = board;
  const live = useRef(config);
  useEffect(() => {
    live.current = config;
    setNewer(null);
  }, [config]);
  const saved = useMemo(() => toDraft(newer ?? config), [newer, config]);
  const kept = useDraft(`workflow.${workflowId}.board`, saved, readStoredDraft);
  const draft = kept.value;
  const [attempted, setAttempted] = useState(false);
  const [refused, setRefused] = useState<{ draft: Draft; faults: Fault[] } | null>(null);
  const [comparing, setComparing] = useState(false);

  const faults = useMemo(() => faultsOf(draft), [draft]);
  const shown = useMemo(() => {
    // A name that is still to be typed is no mistake yet.
    const own = faults.filter(({ message }) => attempted || !message.endsWith("needs a name."));
    return refused?.draft === draft ? [...own, ...refused.faults] : own;
  }, [faults, attempted, refused, draft]);

  const take = (next: BoardConfig) => {
    if (JSON.stringify(toDraft(next)) !== JSON.stringify(toDraft(live.current))) setNewer(next);
  };
  const mutation = useMutation({
    mutationFn: async () => {
      // The draft may have been begun from a board of the stream, which has no version: the board is compared with what it was, and
      // its version says whether somebody saves it before this arrives.
      const read = await workflows.get(workflowId);
      const compare = ({ board_config: now }: typeof read) => {
        if (now && kept.base !== null && JSON.stringify(toDraft(byOrder(now))) !== kept.base) {
          take(byOrder(now));
          throw new SavedMeanwhile();
        }
      };
      compare(read);
      const { config: change, moves } = toBoardChange(draft);
      try {
        return await workflows.putBoard(workflowId, change, moves, read.board_version);
      } catch (error) {
        if (error instanceof Problem && error.code === "stale_version") compare(await workflows.get(workflowId));
        throw error;
      }
    },
    onSuccess: ({ board_config }) => {
      take(byOrder(board_config as BoardConfig));
      kept.clear();
      setAttempted(false);
      toast.success("Board saved");
    },
    onError: (error) => {
      if (error instanceof SavedMeanwhile) {
        setComparing(true);
        return;
      }
      const at = faultsOfProblem(error);
      setRefused({ draft, faults: at });
      if (at[0]) focusPath(at[0].path);
      toast.error("Could not save the board", { description: explain(error), duration: 8_000 });
    },
  });
  const save = () => {
    setAttempted(true);
    if (faults[0]) focusPath(faults[0].path);
    else if (kept.baseChanged) setComparing(true);
    else mutation.mutate();
  };
  const base = useMemo((): Draft | null => {
    if (kept.base === null) return null;
    return readStoredDraft(JSON.parse(kept.base), saved);
  }, [kept.base, saved]);
  const reset = () => {
    setAttempted(false);
    setRefused(null);
  };
  return {
    saved,
    draft,
    /** The saved board from which the draft was begun; null without a draft. */
    base,
    edited: kept.edited,
    from: kept.from,
    baseChanged: kept.baseChanged,
    faults,
    shown,
    saving: mutation.isPending,
    comparing,
    setComparing,
    change: (update: (old: Draft) => Draft) => kept.set(update),
    save,
    discard: () => {
      reset();
      kept.clear();
    },
    /** Makes another board the draft, begun from the saved one. */
    replace: (next: Draft) => {
      reset();
      kept.rebase(withTargets(next, saved), saved);
    },
  };
}

export type BoardEditor = ReturnType<typeof useBoardEditor>;
