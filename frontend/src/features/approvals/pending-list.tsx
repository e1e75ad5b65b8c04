import { Link } from "@tanstack/react-router";
import { Inbox } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { explain } from "@/api";
import type { Approval, Decision, DecisionInput } from "@/api/types";
import { writeDraft } from "@/entities/approval/drafts";
import { heldDecisions } from "@/entities/approval/held-decisions";
import { Button } from "@/ui/button";
import { prompt } from "@/ui/prompt-dialog";
import { Empty, Kbd, Notice, Spinner } from "@/ui/states";
import { useShortcuts } from "@/ui/use-shortcuts";
import { ApprovalCard } from "./approval-card";
import { ApprovalLinks } from "./approval-links";
import { isYesNoQuestion } from "./decision-form";
import { useCanDecide, usePendingApprovals } from "./use-approvals";

/** Pending approvals, oldest first, with keyboard navigation. */
export function PendingList({ focus }: { focus: string | undefined }) {
  const { pending, isPending, isError, error } = usePendingApprovals();
  const canDecide = useCanDecide();
  // An approval being answered stays in the list when someone else decides it. Otherwise the rest of the typing would
  // reach the keyboard shortcuts.
  const [editing, setEditing] = useState<Approval | null>(null);
  const shown = useMemo(() => {
    const kept = editing && !pending.some(({ id }) => id === editing.id) ? [editing] : [];
    return [...pending, ...kept].sort((a, b) => (a.created_at < b.created_at ? -1 : 1));
  }, [pending, editing]);
  const [currentId, setCurrent] = useState(focus);
  const index = shown.findIndex(({ id }) => id === currentId);
  const current = shown[index];

  useEffect(() => {
    if (currentId) {
      const card = document.querySelector<HTMLElement>(`[data-approval="${CSS.escape(currentId)}"]`);
      // A focused field inside the card keeps the focus, so that typing does not trigger shortcuts.
      if (card && !card.contains(document.activeElement)) card.focus();
    }
  }, [currentId]);
  const step = (by: number) => (event: KeyboardEvent) => {
    event.preventDefault();
    const next = shown[Math.min(shown.length - 1, Math.max(0, index + by))] ?? shown[0];
    if (next) setCurrent(next.id);
  };
  // Once the decision about the selected approval is sent, the selection moves to the next one.
  const place = useRef(0);
  useEffect(() => {
    if (index >= 0) place.current = index;
    else if (currentId && shown.length > 0) setCurrent(shown[Math.min(place.current, shown.length - 1)]?.id);
  }, [index, currentId, shown]);
  const decide = (decision: Decision, input?: DecisionInput) => {
    if (current && canDecide(current)) heldDecisions.hold(current, decision, input);
  };
  const pickOption = (n: number) => () => {
    const answer = current?.options[n - 1];
    if (answer) decide("answer", { answer });
  };
  const reject = async (approval: Approval) => {
    const reason = await prompt({
      title: "Reject approval",
      description: approval.question,
      label: "Reason",
      submit: "Reject",
    });
    if (reason === null) return;
    // Undoing gives it back.
    writeDraft(approval.id, reason);
    heldDecisions.hold(approval, "reject", { reason });
  };
  useShortcuts({
    j: { label: "Next and previous approval", group: "Approvals", keys: ["j", "k"], run: step(1) },
    k: step(-1),
    ArrowDown: step(1),
    ArrowUp: step(-1),
    a: {
      label: "Approve",
      group: "Approvals",
      run: () => {
        if (current && isYesNoQuestion(current)) decide("approve");
      },
    },
    r: {
      label: "Reject",
      group: "Approvals",
      run: (event) => {
        if (!current || !canDecide(current) || !isYesNoQuestion(current)) return;
        event.preventDefault();
        void reject(current);
      },
    },
    v: {
      label: "Review with the diff and the transcript",
      group: "Approvals",
      run: () => {
        const id = current?.id ?? shown[0]?.id ?? "";
        document.querySelector<HTMLElement>(`[data-approval="${CSS.escape(id)}"] [data-review]`)?.click();
      },
    },
    c: {
      label: "Write an answer or a comment",
      group: "Approvals",
      run: (event) => {
        event.preventDefault();
        document.querySelector<HTMLElement>(`[data-approval="${CSS.escape(current?.id ?? "")}"] textarea`)?.focus();
      },
    },
    ...Object.fromEntries([2, 3, 4, 5, 6, 7, 8, 9].map((n) => [String(n), pickOption(n)])),
    1: { label: "Answer with an option", group: "Approvals", keys: ["1–9"], run: pickOption(1) },
  });

  if (isPending) return <Spinner label="Loading approvals…" />;
  if (isError && shown.length === 0) return <Notice tone="danger">{explain(error)}</Notice>;
  if (shown.length === 0) {
    return (
      <Empty
        icon={<Inbox className="size-6" />}
        title="No pending approvals"
        action={
          <Button asChild>
            <Link to="/approvals" search={{ show: "decided" }}>
              Show past decisions
            </Link>
          </Button>
        }
      >
        Questions from agents and tickets that need a review appear here. Agents continue once you answer.
      </Empty>
    );
  }
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      {shown.map((approval) => (
        // biome-ignore lint/a11y/noStaticElementInteractions: tracks the selection only; the shortcuts offer the same
        <div
          key={approval.id}
          onFocus={({ target }) => {
            setCurrent(approval.id);
            setEditing(target.matches("textarea") ? approval : null);
          }}
          onBlur={() => setEditing(null)}
          className="grid gap-1.5"
        >
          {!pending.some(({ id }) => id === approval.id) && (
            <Notice tone="warning">Someone else has already decided this. The outcome is on the Decided tab.</Notice>
          )}
          <ApprovalCard
            approval={approval}
            current={approval.id === currentId}
            links={<ApprovalLinks approval={approval} />}
          />
        </div>
      ))}
      {shown.some(canDecide) && (
        <p className="hidden flex-wrap items-center gap-1 text-muted-foreground text-xs md:flex pointer-coarse:hidden">
          <Kbd>J</Kbd> <Kbd>K</Kbd> select, <Kbd>A</Kbd> approve, <Kbd>R</Kbd> reject, <Kbd>C</Kbd> comment,{" "}
          <Kbd>V</Kbd> review, <Kbd>1</Kbd>–<Kbd>9</Kbd> choose an option, <Kbd>Z</Kbd> undo, <Kbd>Enter</Kbd> send now
        </p>
      )}
    </div>
  );
}
