import { Copy, X } from "lucide-react";
import { useEffect } from "react";
import { queryKeys } from "@/api/query-keys";
import { clearDrafts } from "@/entities/approval/drafts";
import { decisionLabel, type HeldDecision, HOLD_MS, textOf } from "@/entities/approval/held-decision";
import { type HeldOutcome, heldDecisions } from "@/entities/approval/held-decisions";
import { HeldButtons, HeldState } from "@/entities/approval/held-notice";
import { useHeldDecisions, usePlaces } from "@/entities/approval/use-held";
import { useLive } from "@/live/context";
import { announce } from "@/ui/announcer";
import { Button } from "@/ui/button";
import { copyText } from "@/ui/clipboard";
import { VisibleText } from "@/ui/invisible";
import { useShortcuts } from "@/ui/use-shortcuts";

/** Held decisions on every page: their keys, what becomes of them, and those whose own page is not open. */
export function HeldDecisionsHost() {
  const live = useLive();
  const all = useHeldDecisions();
  const places = usePlaces();
  useEffect(
    () =>
      heldDecisions.onOutcome((outcome) => {
        const { id } = outcome.held.approval;
        if (outcome.kind === "decided") {
          clearDrafts(id);
          live.work.putApproval(outcome.approval);
        } else if (outcome.kind === "refused") live.work.refresh(queryKeys.approvals);
        // What was refused is an alert of its own.
        if (outcome.kind !== "refused") announce(spoken(outcome));
      }),
    [live],
  );
  useEffect(
    () =>
      live.onEvents((_, events) => {
        for (const { data } of events) if (data.approval) heldDecisions.noticeSettled(data.approval);
      }),
    [live],
  );
  const undoable = all.some(({ state }) => state === "waiting" || state === "unsent");
  const undo = () => heldDecisions.undo();
  useShortcuts({
    z: { label: "Undo the last decision", group: "Decisions", keys: ["z", "u"], when: undoable, run: undo },
    u: undo,
    Enter: {
      label: "Send the selected decision now",
      group: "Decisions",
      when: undoable,
      run: ({ target, repeat }) => {
        // A key that is held down, or that belongs to a button, sends nothing.
        if (repeat || !(target instanceof HTMLElement) || target.closest("a, button, summary")) return;
        const id = target.closest<HTMLElement>("[data-held]")?.dataset.held;
        if (id) heldDecisions.sendNow(id);
      },
    },
  });
  const shown = all.filter(({ approval, state }) => state === "refused" || !places.has(approval.id));
  if (shown.length === 0) return null;
  return (
    <section
      aria-label="Held decisions"
      className="scroll-thin max-h-48 shrink-0 divide-y overflow-y-auto border-t bg-surface text-xs shadow-pop"
    >
      {shown.map((held, i) =>
        held.state === "refused" ? (
          <Refused key={held.approval.id} held={held} />
        ) : (
          <div key={held.approval.id} className="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 px-4 py-1.5">
            <HeldState held={held}>
              <Subject held={held} />
            </HeldState>
            <HeldButtons held={held} showKeys={i === shown.length - 1} />
          </div>
        ),
      )}
    </section>
  );
}

function Subject({ held: { approval } }: { held: HeldDecision }) {
  return (
    <span className="min-w-0 truncate text-muted-foreground">
      {approval.ticket_key && <span className="tabular">{approval.ticket_key} · </span>}
      <VisibleText text={approval.question} />
    </span>
  );
}

/** What was not carried out, with what the user wrote, until they have read it. */
function Refused({ held }: { held: HeldDecision }) {
  const text = textOf(held);
  return (
    <div role="alert" className="flex flex-wrap items-start gap-x-3 gap-y-1 bg-danger-soft px-4 py-2">
      <div className="grid min-w-0 flex-1 basis-56 gap-0.5">
        <p className="font-semibold text-danger">Could not save the decision</p>
        <p className="min-w-0 [overflow-wrap:anywhere]">
          {held.message} <Subject held={held} />
        </p>
        {text && (
          <p className="line-clamp-3 whitespace-pre-wrap border-l-2 pl-2 [overflow-wrap:anywhere]">
            <VisibleText text={text} />
          </p>
        )}
      </div>
      <span className="flex shrink-0 gap-1.5">
        {text && (
          <Button size="sm" onClick={() => void copyText(text, "Text copied")}>
            <Copy /> Copy text
          </Button>
        )}
        <Button size="sm" onClick={() => heldDecisions.dismiss(held.approval.id)}>
          <X /> Dismiss
        </Button>
      </span>
    </div>
  );
}

/** What a screen reader says. */
function spoken({ kind, held }: HeldOutcome): string {
  const label = decisionLabel(held);
  if (kind === "held") return `${label}. Sent in ${HOLD_MS / 1_000} seconds. Press Z to undo.`;
  if (kind === "undone") return `${label}: undone. Nothing was sent.`;
  if (kind === "decided") return `${label}. Sent.`;
  return `${label}: not sent yet. ${held.message ?? ""} It is tried again.`;
}
