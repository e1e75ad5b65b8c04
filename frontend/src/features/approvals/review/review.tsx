import { ArrowLeft, ChevronDown, ChevronUp } from "lucide-react";
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useMe } from "@/api/hooks";
import type { Approval, Decision } from "@/api/types";
import { readDraft, writeDraft } from "@/entities/approval/drafts";
import { heldDecisions } from "@/entities/approval/held-decisions";
import { useHeld } from "@/entities/approval/use-held";
import { useBoardShape, useWatchWorkflow } from "@/live/context";
import { announce } from "@/ui/announcer";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { Kbd } from "@/ui/states";
import { useTitle } from "@/ui/use-title";
import { isYesNoQuestion } from "../decision-form";
import { useCanDecide } from "../use-approvals";
import { LineNote } from "./line-note";
import { ReviewChecks } from "./review-checks";
import { ReviewComments } from "./review-comments";
import { CommitChoice, CommitFacts } from "./review-commits";
import { ReviewDecision } from "./review-decision";
import { ReviewRequest } from "./review-request";
import { hasReason, isSamePlace, type LineComment, toInput, tooLong } from "./review-text";
import type { DiffControl, DiffLine, DiffSlot } from "./slots";
import { useLineComments, useReviewedJob, useReviewedTicket, useReviewOrder, useTicketFindings } from "./use-review";
import { useReviewKeys } from "./use-review-keys";

export interface ReviewProps {
  approval: Approval;
  onOpen: (approval: Pick<Approval, "id" | "workflow_id">) => void;
  onLeave: () => void;
  renderDiff: (slot: DiffSlot) => ReactNode;
  renderTranscript: (jobId: string) => ReactNode;
}

export function Review({ approval, onOpen, onLeave, renderDiff, renderTranscript }: ReviewProps) {
  const me = useMe()?.id;
  const { id, workflow_id: workflowId } = approval;
  useWatchWorkflow(workflowId);
  useTitle(`Review: ${approval.question}`);
  const ticket = useReviewedTicket(approval.ticket_id).data;
  const job = useReviewedJob(approval.job_id, approval.ticket_id).data;
  const findings = useTicketFindings(workflowId, approval.ticket_id);
  const order = useReviewOrder(approval);
  const held = useHeld(id);
  const { shape } = useBoardShape(workflowId);
  const nameOfStage = (stage: string) => shape?.config.columns.find((column) => column.id === stage)?.name ?? stage;
  const open = useCanDecide()(approval) && approval.status === "pending" && !held;

  const [text, setText] = useState(() => readDraft(id));
  const [problem, setProblem] = useState<string | null>(null);
  const [sendingBack, setSendingBack] = useState(false);
  const [writing, setWriting] = useState(false);
  const { comments, put } = useLineComments(id);
  const field = useRef<HTMLTextAreaElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const control = useRef<DiffControl>(null);
  // The keys belong to this page at once, and a screen reader reads what is asked.
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  // What is undone is shown again.
  useEffect(
    () =>
      heldDecisions.onOutcome(({ kind, held: { approval: other } }) => {
        if (kind === "undone" && other.id !== id) onOpen(other);
      }),
    [id, onOpen],
  );

  const decide = (decision: Decision, option?: string) => {
    if (!open) return;
    const written = { text, comments };
    const needsText = decision === "reject" ? !hasReason(written) : decision === "answer" && !option && !text.trim();
    const input = toInput(approval, decision, written, option);
    const wrong = needsText
      ? decision === "reject"
        ? "Write what has to change, or comment on a line: the agent needs a reason."
        : "Write an answer."
      : tooLong(input);
    setProblem(wrong);
    setSendingBack(decision === "reject");
    if (wrong) {
      field.current?.focus();
      return;
    }
    setWriting(false);
    heldDecisions.hold(approval, decision, input);
    if (order.next) onOpen(order.next);
    else heading.current?.focus();
  };

  const commits = useMemo(
    () => newestFirst(ticket?.commits ?? [], job?.commit_sha),
    [ticket?.commits, job?.commit_sha],
  );
  const [chosen, setChosen] = useState<string>();
  const sha = chosen ?? commits[0]?.commit_sha;
  const showCommit = (by: 1 | -1) => {
    const next = commits[commits.findIndex(({ commit_sha }) => commit_sha === sha) + by];
    if (next) setChosen(next.commit_sha);
    else if (commits.length > 0) announce(by > 0 ? "This is the last commit" : "This is the first commit");
  };
  const [editing, setEditing] = useState<LineComment | null>(null);
  const isEditing = (place: LineComment) => editing !== null && isSamePlace(editing, place);
  const commentOn = (line: DiffLine): LineComment => {
    const place = { sha: sha ?? "", path: line.path, line: line.line, side: line.side, code: line.text, text: "" };
    return comments.find((other) => isSamePlace(other, place)) ?? place;
  };
  const closeNote = () => {
    setEditing(null);
    control.current?.focus();
  };
  const canComment = open && sha !== undefined;
  const below = (line: DiffLine) => {
    const comment = commentOn(line);
    if (!isEditing(comment) && comment.text === "") return null;
    return (
      <LineNote
        key={`${comment.side} ${comment.line}`}
        comment={comment}
        editing={isEditing(comment)}
        onEdit={() => setEditing(comment)}
        onChange={(next) => {
          put({ ...comment, text: next });
          setProblem(null);
        }}
        onClose={closeNote}
      />
    );
  };
  const showLine = useCallback((comment: LineComment) => {
    setChosen(comment.sha);
    // Another commit has to be drawn first.
    requestAnimationFrame(() => control.current?.show(comment));
  }, []);

  useReviewKeys({
    approval,
    open,
    yesNo: isYesNoQuestion(approval),
    canComment,
    onDecide: (decision, option) => {
      if (decision === "reject" && !hasReason({ text, comments })) {
        setSendingBack(true);
        field.current?.focus();
      } else decide(decision, option);
    },
    onNext: () => order.next && onOpen(order.next),
    onPrevious: () => order.previous && onOpen(order.previous),
    onLeave,
    onWrite: () => field.current?.focus(),
    onCommit: showCommit,
    diff: control,
  });

  const diff = sha && (
    <div className="flex min-h-0 flex-1 flex-col">
      <CommitChoice commits={commits} sha={sha} onChoose={setChosen} onStep={showCommit} />
      {renderDiff({
        workflowId,
        sha,
        lines: [...comments.filter((comment) => comment.sha === sha), ...(editing?.sha === sha ? [editing] : [])],
        below,
        onPick: (line) => canComment && setEditing(commentOn(line)),
        fallback: <CommitFacts commit={commits.find(({ commit_sha }) => commit_sha === sha)} />,
        control,
      })}
    </div>
  );
  const transcript = job && renderTranscript(job.job_id);
  const side = diff || transcript;
  const asker = approval.asked_by === me ? "You" : (approval.asked_by_name ?? "Someone");
  return (
    <div className="scroll-thin flex min-h-0 flex-1 flex-col max-lg:overflow-y-auto">
      <Bar order={order} onOpen={onOpen} onLeave={onLeave} />
      <div
        className={cn(
          "grid shrink-0 grid-cols-[minmax(0,1fr)] lg:min-h-0 lg:shrink lg:grow lg:grid-rows-[minmax(0,1fr)_auto]",
          side
            ? "lg:grid-cols-[minmax(20rem,26rem)_minmax(0,1fr)]"
            : "mx-auto w-full max-w-2xl max-lg:grow max-lg:grid-rows-[1fr_auto] lg:border-x",
        )}
      >
        <div
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
          tabIndex={0}
          className="scroll-thin grid min-w-0 content-start gap-5 px-4 py-4 -outline-offset-2 lg:min-h-0 lg:overflow-y-auto"
        >
          <ReviewRequest approval={approval} asker={asker} ticket={ticket} heading={heading} />
          <ReviewComments comments={ticket?.comments ?? []} />
          <ReviewChecks
            reported={approval.checks}
            job={job}
            ticket={ticket}
            findings={findings}
            nameOfStage={nameOfStage}
          />
          {diff && transcript}
          {!side && (
            <p className="text-muted-foreground text-xs">
              {approval.ticket_id ? "The ticket has no commits and no job yet." : "This is about no ticket or job."}
            </p>
          )}
        </div>
        <div
          data-approval={id}
          data-held={held?.approval.id}
          className="z-10 border-t bg-surface p-4 max-lg:sticky max-lg:bottom-0 max-lg:order-last max-lg:p-3 max-lg:shadow-pop lg:col-start-1"
        >
          <ReviewDecision
            approval={approval}
            isOwn={approval.asked_by === me}
            text={text}
            comments={comments}
            problem={problem}
            writing={writing}
            onWriting={setWriting}
            sendingBack={sendingBack}
            field={field}
            onText={(next) => {
              setText(next);
              setProblem(null);
              writeDraft(id, next);
            }}
            onDecide={decide}
            onShowLine={showLine}
          />
        </div>
        {side && (
          <section
            aria-label={diff ? "Changes of the ticket" : "Work"}
            className={cn(
              "flex min-h-0 min-w-0 flex-col max-lg:border-t lg:col-start-2 lg:row-span-2 lg:row-start-1 lg:border-l",
              diff && "max-lg:h-[75vh]",
            )}
          >
            {diff || (
              <div
                // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
                tabIndex={0}
                className="scroll-thin min-h-0 flex-1 px-4 py-4 -outline-offset-2 lg:overflow-y-auto"
              >
                {transcript}
              </div>
            )}
          </section>
        )}
      </div>
    </div>
  );
}

/** The commit of the job that asks comes first, then the newest. */
function newestFirst<Commit extends { commit_sha: string; commit_timestamp: string | null; linked_at: string }>(
  commits: readonly Commit[],
  first: string | null | undefined,
): Commit[] {
  const time = ({ commit_timestamp, linked_at }: Commit) => Date.parse(commit_timestamp ?? linked_at);
  const rank = ({ commit_sha }: Commit) => (commit_sha === first ? 0 : 1);
  return commits.toSorted((a, b) => rank(a) - rank(b) || time(b) - time(a));
}

function Bar({
  order,
  onOpen,
  onLeave,
}: { order: ReturnType<typeof useReviewOrder> } & Pick<ReviewProps, "onOpen" | "onLeave">) {
  const { next, previous, place, total } = order;
  return (
    <div className="flex h-11 shrink-0 items-center gap-2 border-b bg-surface px-2 text-xs max-lg:sticky max-lg:top-0 max-lg:z-20">
      <Button size="sm" variant="ghost" onClick={onLeave}>
        <ArrowLeft /> Inbox
      </Button>
      <span className="tabular text-muted-foreground" data-testid="review-place">
        {place !== null ? `${place} of ${total} waiting` : total > 0 ? `${total} waiting` : "Nothing else waits"}
      </span>
      <div className="ml-auto flex items-center gap-1">
        <Button size="sm" variant="ghost" disabled={!previous} onClick={() => previous && onOpen(previous)}>
          <ChevronUp /> <span className="max-sm:sr-only">Previous</span> <Hint>K</Hint>
        </Button>
        <Button size="sm" variant="ghost" disabled={!next} onClick={() => next && onOpen(next)}>
          <ChevronDown /> {place !== null ? "Skip" : "Next"} <Hint>J</Hint>
        </Button>
      </div>
    </div>
  );
}

function Hint({ children }: { children: ReactNode }) {
  return (
    <span aria-hidden="true" className="pointer-coarse:hidden max-sm:hidden">
      <Kbd>{children}</Kbd>
    </span>
  );
}
