import { Check, CornerDownLeft, Undo2, X } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { Approval, Decision, DecisionInput } from "@/api/types";
import { readDraft, writeDraft } from "@/entities/approval/drafts";
import { heldDecisions } from "@/entities/approval/held-decisions";
import { focusHeldNotice } from "@/entities/approval/held-notice";
import { Button } from "@/ui/button";
import { isEscape, isSubmit } from "@/ui/enter-key";
import { Textarea } from "@/ui/field";
import { VisibleText } from "@/ui/invisible";
import { Kbd } from "@/ui/states";
import { useWithdraw } from "./use-approvals";

interface Props {
  approval: Approval;
  /** Shows the number key of each option. */
  showNumbers?: boolean;
}

/** With options, the answer is one of them or a text. Approve and reject would leave open which option was meant. */
export function isYesNoQuestion({ kind, options }: Approval): boolean {
  return kind === "review" || (kind === "question" && options.length === 0);
}

/** Options as buttons, a free-text answer, and approve or reject. A review offers only approve and reject. */
export function DecisionForm({ approval, showNumbers }: Props) {
  const [draft, setDraft] = useState(() => readDraft(approval.id));
  const text = draft.trim();
  const isReview = approval.kind === "review";
  const hold = (decision: Decision, input: DecisionInput) => {
    focusHeldNotice(approval.id);
    heldDecisions.hold(approval, decision, input);
  };
  const approve = () => hold("approve", text ? (isReview ? { comment: text } : { reason: text }) : {});
  const reject = () => hold("reject", text ? { reason: text } : {});
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isReview && text) hold("answer", { answer: text });
  };
  return (
    <form onSubmit={submit} className="grid gap-2">
      {approval.options.length > 0 && (
        <fieldset className="flex flex-wrap gap-1.5">
          <legend className="sr-only">Options</legend>
          {approval.options.map((option, i) => (
            <Button
              key={option}
              data-option={i}
              className="h-auto min-h-8 whitespace-normal py-1 text-left"
              // What was written beside an option says why it was chosen.
              onClick={() => hold("answer", text ? { answer: option, reason: text } : { answer: option })}
            >
              {showNumbers && i < 9 && (
                <span aria-hidden="true" className="pointer-coarse:hidden">
                  <Kbd>{i + 1}</Kbd>
                </span>
              )}
              <VisibleText text={option} />
            </Button>
          ))}
        </fieldset>
      )}
      <Textarea
        aria-label={isReview ? "Comment or reason" : "Answer or reason"}
        placeholder={
          isReview
            ? "Add a comment or a reason"
            : approval.options.length > 0
              ? "Or write another answer"
              : "Write an answer"
        }
        rows={draft.includes("\n") ? 4 : 1}
        className="min-h-0"
        value={draft}
        onChange={(event) => {
          setDraft(event.target.value);
          writeDraft(approval.id, event.target.value);
        }}
        onKeyDown={(event) => {
          if (isSubmit(event)) submit(event);
          if (!isEscape(event)) return;
          event.preventDefault();
          event.currentTarget.blur();
        }}
      />
      <div className="flex flex-wrap gap-1.5">
        {!isReview && (
          <Button type="submit" size="sm" variant={text ? "primary" : "outline"} disabled={!text}>
            <CornerDownLeft /> Answer
          </Button>
        )}
        {isYesNoQuestion(approval) && (
          <>
            <Button size="sm" variant={isReview ? "primary" : "outline"} onClick={approve}>
              <Check /> Approve
            </Button>
            <Button size="sm" variant="danger" onClick={reject}>
              <X /> Reject
            </Button>
          </>
        )}
      </div>
    </form>
  );
}

/** In place of the form, for those who cannot decide. */
export function CannotDecide({ approval, isOwn }: { approval: Approval; isOwn: boolean }) {
  const withdraw = useWithdraw();
  const [busy, setBusy] = useState(false);
  return (
    <div className="flex items-center gap-2 text-muted-foreground text-xs">
      {isOwn ? "Another member has to decide this." : "Only members can decide this."}
      {isOwn && (
        <Button
          size="sm"
          variant="ghost"
          disabled={busy}
          onClick={() => {
            setBusy(true);
            void withdraw(approval).finally(() => setBusy(false));
          }}
        >
          <Undo2 /> Withdraw
        </Button>
      )}
    </div>
  );
}
