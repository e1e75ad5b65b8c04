/** The keys of a review. */
import type { RefObject } from "react";
import type { Approval, Decision } from "@/api/types";
import { heldDecisions } from "@/entities/approval/held-decisions";
import { type Shortcuts, useShortcuts } from "@/ui/use-shortcuts";
import type { DiffControl } from "./slots";

interface Options {
  approval: Approval;
  /** Whether the user can decide it now. */
  open: boolean;
  yesNo: boolean;
  canComment: boolean;
  onDecide: (decision: Decision, option?: string) => void;
  onNext: () => void;
  onPrevious: () => void;
  onLeave: () => void;
  onWrite: () => void;
  /** Shows the next or the previous commit. */
  onCommit: (by: 1 | -1) => void;
  diff: RefObject<DiffControl | null>;
}

const GROUP = "Review";

export function useReviewKeys(options: Options): void {
  const { approval, open, yesNo, canComment, onDecide, onNext, onPrevious, onLeave, onWrite, onCommit, diff } = options;
  /** Without it, the key would also be typed into the field that gets the focus. */
  const quietly = (run: () => void) => (event: KeyboardEvent) => {
    event.preventDefault();
    if (!event.repeat) run();
  };
  const pick = (n: number) => () => {
    const option = approval.options[n - 1];
    if (option !== undefined) onDecide("answer", option);
  };
  const digits: Shortcuts = Object.fromEntries([2, 3, 4, 5, 6, 7, 8, 9].map((n) => [String(n), pick(n)]));
  useShortcuts({
    j: { label: "Next approval that waits, previous one", group: GROUP, keys: ["j", "k"], run: quietly(onNext) },
    k: quietly(onPrevious),
    s: { label: "Skip", group: GROUP, when: open, run: quietly(onNext) },
    a: { label: "Approve", group: GROUP, when: open && yesNo, run: quietly(() => onDecide("approve")) },
    r: { label: "Send back with a reason", group: GROUP, when: open && yesNo, run: quietly(() => onDecide("reject")) },
    ...digits,
    1: {
      label: "Answer with an option",
      group: GROUP,
      keys: ["1–9"],
      when: open && approval.options.length > 0,
      run: pick(1),
    },
    w: { label: "Write an answer, a reason or a comment", group: GROUP, when: open, run: quietly(onWrite) },
    d: {
      label: "Go to the diff; the arrow keys move by line",
      group: GROUP,
      run: quietly(() => diff.current?.focus()),
    },
    c: {
      label: "Comment on the line",
      group: GROUP,
      when: canComment,
      run: quietly(() => diff.current?.pick()),
    },
    "]": {
      label: "Next and previous change",
      group: GROUP,
      keys: ["]", "["],
      run: () => diff.current?.step(1),
    },
    "[": () => diff.current?.step(-1),
    ".": { label: "Next and previous commit", group: GROUP, keys: [".", ","], run: quietly(() => onCommit(1)) },
    ",": quietly(() => onCommit(-1)),
    Enter: {
      label: "Send the last decision now",
      group: GROUP,
      run: ({ target, repeat }) => {
        if (repeat || !(target instanceof HTMLElement)) return;
        if (!target.closest("a, button, summary, [data-held]")) heldDecisions.sendNow();
      },
    },
    Escape: { label: "Back to the inbox", group: GROUP, run: quietly(onLeave) },
  });
}
