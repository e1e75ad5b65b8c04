import { Check, CornerDownLeft, LoaderCircle, Send, TriangleAlert, Undo2, X } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { VisibleText } from "@/ui/invisible";
import { Kbd } from "@/ui/states";
import { createTick } from "@/ui/use-tick";
import { decisionLabel, type HeldDecision, HOLD_MS, textOf } from "./held-decision";
import { heldDecisions } from "./held-decisions";
import { useShownInPlace } from "./use-held";

const useEveryQuarter = createTick(250);

/** The approval whose notice takes the focus, because the control that had it is gone. */
let focused: string | null = null;

/** Lets the notice of a decision that is about to be held take the focus. */
export function focusHeldNotice(approvalId: string): void {
  focused = approvalId;
}

const ICONS = { approve: Check, reject: X, answer: CornerDownLeft } as const;
const TONES = { approve: "text-success", reject: "text-danger", answer: "text-success" } as const;

interface Props {
  held: HeldDecision;
  /** Shows the keys of the buttons. */
  showKeys?: boolean;
  /** For rows of a list: no more than it needs. */
  compact?: boolean;
}

/** A held decision in the place of the controls that made it. */
export function HeldNotice({ held, showKeys, compact = false }: Props) {
  const box = useRef<HTMLFieldSetElement>(null);
  const { id } = held.approval;
  useShownInPlace(id);
  useEffect(() => {
    if (focused !== id) return;
    focused = null;
    box.current?.focus();
  }, [id]);
  const text = textOf(held);
  return (
    <fieldset
      ref={box}
      tabIndex={-1}
      data-held={id}
      className={cn(
        "flex min-w-0 items-center gap-x-3 gap-y-2 rounded-md text-xs outline-offset-2",
        compact ? "max-sm:flex-wrap" : "flex-wrap bg-sunken px-3 py-2",
      )}
    >
      <legend className="sr-only">Held decision</legend>
      <HeldState held={held} compact={compact}>
        {text && (
          <span
            className={cn(
              "min-w-0 text-muted-foreground",
              compact ? "max-w-32 truncate" : "line-clamp-2 [overflow-wrap:anywhere]",
            )}
          >
            <VisibleText text={text} />
          </span>
        )}
      </HeldState>
      <HeldButtons held={held} showKeys={showKeys} onUndo={() => focusOwner(box.current)} />
    </fieldset>
  );
}

/** After undoing, the controls are back: the keys go to what they belong to. */
function focusOwner(notice: HTMLElement | null): void {
  notice?.closest<HTMLElement>("[data-approval], [data-home-item]")?.focus();
}

/** What was decided, and when it is sent. */
export function HeldState({
  held,
  compact,
  children,
}: {
  held: HeldDecision;
  compact?: boolean;
  children?: ReactNode;
}) {
  const Icon = held.state === "unsent" ? TriangleAlert : ICONS[held.decision];
  const tone = held.state === "unsent" ? "text-warning" : TONES[held.decision];
  return (
    <span className={cn("flex min-w-0 items-center gap-2", !compact && "flex-1 basis-48")}>
      <Icon className={cn("size-4 shrink-0", tone)} aria-hidden="true" />
      <span className={cn("shrink-0 font-semibold", tone)}>{decisionLabel(held)}</span>
      {held.state === "unsent" ? (
        <span className={cn("min-w-0 text-warning", compact && "max-w-72")}>
          Not sent yet. {held.message} It is tried again.
        </span>
      ) : (
        children
      )}
    </span>
  );
}

interface ButtonsProps {
  held: HeldDecision;
  showKeys?: boolean;
  onUndo?: () => void;
}

export function HeldButtons({ held, showKeys, onUndo }: ButtonsProps) {
  const { id } = held.approval;
  if (held.state === "sending") {
    return (
      <span className="flex h-7 items-center gap-1.5 text-muted-foreground">
        <LoaderCircle className="size-3.5 motion-safe:animate-spin" aria-hidden="true" /> Sending…
      </span>
    );
  }
  return (
    <span className="flex shrink-0 items-center gap-1.5">
      {held.state === "waiting" && <Countdown due={held.due} />}
      <Button
        size="sm"
        onClick={() => {
          onUndo?.();
          heldDecisions.undo(id);
        }}
      >
        <Undo2 /> Undo {showKeys && <KeyHint name="Z" />}
      </Button>
      <Button size="sm" variant="ghost" onClick={() => heldDecisions.sendNow(id)}>
        <Send /> {held.state === "unsent" ? "Try again" : "Send now"} {showKeys && <KeyHint name="Enter" />}
      </Button>
    </span>
  );
}

function KeyHint({ name }: { name: string }) {
  return (
    <span aria-hidden="true" className="pointer-coarse:hidden max-sm:hidden">
      <Kbd>{name}</Kbd>
    </span>
  );
}

const RADIUS = 5;
const LENGTH = 2 * Math.PI * RADIUS;

/** The seconds that are left. A screen reader says it once, when the decision is held. */
function Countdown({ due }: { due: number }) {
  useEveryQuarter();
  const left = Math.min(HOLD_MS, Math.max(0, due - Date.now()));
  return (
    <span className="tabular flex items-center gap-1.5 pr-1 text-muted-foreground">
      <svg viewBox="0 0 14 14" className="size-3.5 -rotate-90 motion-reduce:hidden" aria-hidden="true">
        <circle cx="7" cy="7" r={RADIUS} fill="none" strokeWidth="2" className="stroke-border-strong" />
        <circle
          cx="7"
          cy="7"
          r={RADIUS}
          fill="none"
          strokeWidth="2"
          strokeDasharray={LENGTH}
          strokeDashoffset={LENGTH * (1 - left / HOLD_MS)}
          className="stroke-primary"
        />
      </svg>
      <span className="min-w-7 text-right">{Math.ceil(left / 1_000)} s</span>
    </span>
  );
}
