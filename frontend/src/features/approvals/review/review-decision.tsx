import { Check, CornerDownLeft, MessageSquareText, Undo2 } from "lucide-react";
import { type KeyboardEvent, type ReactNode, type RefObject, useId } from "react";
import type { Approval, Decision } from "@/api/types";
import { settledMessage } from "@/entities/approval/held-decision";
import { HeldNotice } from "@/entities/approval/held-notice";
import { useHeld } from "@/entities/approval/use-held";
import { Button } from "@/ui/button";
import { copyText } from "@/ui/clipboard";
import { isSubmit } from "@/ui/enter-key";
import { Textarea } from "@/ui/field";
import { VisibleText } from "@/ui/invisible";
import { plural } from "@/ui/plural";
import { Kbd, Notice } from "@/ui/states";
import { ApprovalOutcome } from "../approval-outcome";
import { CannotDecide, isYesNoQuestion } from "../decision-form";
import { useCanDecide } from "../use-approvals";
import { formatLineComments, type LineComment } from "./review-text";

interface Props {
  approval: Approval;
  isOwn: boolean;
  text: string;
  comments: readonly LineComment[];
  /** Why the last attempt to decide was not taken. */
  problem: string | null;
  /** Whether somebody is typing: the field stays until they have finished, or the rest would reach the shortcuts. */
  writing: boolean;
  onWriting: (writing: boolean) => void;
  /** Whether what is typed is the reason to send it back. */
  sendingBack: boolean;
  field: RefObject<HTMLTextAreaElement | null>;
  onText: (text: string) => void;
  onDecide: (decision: Decision, option?: string) => void;
  onShowLine: (comment: LineComment) => void;
}

/** The decision of a review, with everything that goes to the agent. */
export function ReviewDecision(props: Props) {
  const { approval, isOwn, text, comments, writing } = props;
  const canDecide = useCanDecide();
  const held = useHeld(approval.id);
  const written = [text.trim(), formatLineComments(comments)].filter(Boolean).join("\n\n");
  if (held) return <HeldNotice held={held} showKeys />;
  if (approval.status !== "pending" && !writing) {
    return (
      <div className="grid gap-2">
        <ApprovalOutcome approval={approval} />
        {written && (
          <Notice tone="warning">
            <span className="flex items-start justify-between gap-2">
              What you have written was not sent.
              <Button size="sm" onClick={() => void copyText(written, "Text copied")}>
                Copy text
              </Button>
            </span>
            <span className="mt-1 line-clamp-4 block whitespace-pre-wrap [overflow-wrap:anywhere]">
              <VisibleText text={written} />
            </span>
          </Notice>
        )}
      </div>
    );
  }
  if (!canDecide(approval) && !writing) return <CannotDecide approval={approval} isOwn={isOwn} />;
  return <Form {...props} />;
}

function Form(props: Props) {
  const { approval, text, comments, problem, sendingBack, field, onText, onDecide, onShowLine } = props;
  const noteId = useId();
  const yesNo = isYesNoQuestion(approval);
  const isReview = approval.kind === "review";
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (isSubmit(event)) {
      event.preventDefault();
      onDecide(isReview || sendingBack ? "reject" : "answer");
    }
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.currentTarget.blur();
  };
  const label = isReview ? "Reason or comment" : yesNo ? "Reason or answer" : "Answer or reason";
  const hint =
    isReview || sendingBack
      ? "Say what has to change. The agent gets this and your comments on lines as one text."
      : "The agent gets this and your comments on lines.";
  return (
    <div className="grid gap-2">
      {approval.status !== "pending" && (
        <Notice tone="warning">{settledMessage(approval)} What you write is kept here.</Notice>
      )}
      {approval.options.length > 0 && (
        <fieldset className="flex flex-wrap gap-1.5">
          <legend className="sr-only">Options</legend>
          {approval.options.map((option, i) => (
            <Button
              key={option}
              data-option={i}
              className="h-auto min-h-8 whitespace-normal py-1 text-left"
              onClick={() => onDecide("answer", option)}
            >
              {i < 9 && <Key>{i + 1}</Key>}
              <VisibleText text={option} />
            </Button>
          ))}
        </fieldset>
      )}
      {comments.length > 0 && (
        <section aria-label="Comments on lines" className="grid gap-1 text-xs">
          <h3 className="font-medium">{plural(comments.length, "comment")} on lines</h3>
          <ul className="scroll-thin max-h-24 overflow-y-auto">
            {comments.map((comment) => (
              <li key={`${comment.sha} ${comment.side} ${comment.line} ${comment.path}`}>
                <button
                  type="button"
                  onClick={() => onShowLine(comment)}
                  className="flex min-h-6 w-full min-w-0 items-center gap-2 rounded text-left hover:bg-muted"
                >
                  <MessageSquareText className="size-3.5 shrink-0 text-muted-foreground" aria-hidden="true" />
                  <span className="shrink-0 font-mono">
                    {comment.path.slice(comment.path.lastIndexOf("/") + 1)}:{comment.line}
                  </span>
                  <span className="truncate text-muted-foreground">
                    <VisibleText text={comment.text} />
                  </span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
      <Textarea
        ref={field}
        aria-label={label}
        aria-describedby={noteId}
        aria-invalid={problem ? true : undefined}
        placeholder={
          isReview ? "Write a reason or a comment" : yesNo ? "Write an answer or a reason" : "Write an answer"
        }
        rows={text.includes("\n") || text.length > 120 ? 5 : 2}
        className="min-h-0"
        value={text}
        onFocus={() => props.onWriting(true)}
        onBlur={() => props.onWriting(false)}
        onChange={(event) => onText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <p id={noteId} className={problem ? "text-danger text-xs" : "text-2xs text-muted-foreground max-sm:hidden"}>
        {problem ?? hint}
      </p>
      <div className="flex flex-wrap gap-1.5">
        {yesNo && (
          <>
            <Button variant="primary" onClick={() => onDecide("approve")}>
              <Check /> Approve <Key onPrimary>A</Key>
            </Button>
            <Button variant="danger" onClick={() => onDecide("reject")}>
              <Undo2 /> Send back <Key>R</Key>
            </Button>
          </>
        )}
        {!isReview && (
          <Button variant={yesNo ? "outline" : "primary"} disabled={!text.trim()} onClick={() => onDecide("answer")}>
            <CornerDownLeft /> Answer
          </Button>
        )}
      </div>
    </div>
  );
}

function Key({ children, onPrimary }: { children: ReactNode; onPrimary?: boolean }) {
  return (
    <span aria-hidden="true" className={onPrimary ? "opacity-90 pointer-coarse:hidden" : "pointer-coarse:hidden"}>
      <Kbd>{children}</Kbd>
    </span>
  );
}
