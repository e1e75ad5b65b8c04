import { useDraggable } from "@dnd-kit/core";
import {
  Check,
  CircleX,
  Clock,
  Eye,
  GitCommitHorizontal,
  GripVertical,
  Lock,
  MessageSquare,
  MoreHorizontal,
} from "lucide-react";
import { memo } from "react";
import type { Card, JobSummary } from "@/api/types";
import { Avatar } from "@/entities/actor/avatar";
import { DueMark, MilestoneMark } from "@/entities/ticket/due-mark";
import { PriorityIcon } from "@/entities/ticket/priority-icon";
import { TypeIcon } from "@/entities/ticket/type-icon";
import type { Attention } from "@/live/state/attention";
import { cn } from "@/ui/cn";
import { VisibleText } from "@/ui/invisible";
import { formatDuration } from "@/ui/time";
import { type BoardShared, useBoardShared } from "./board-context";
import { CardAlarm } from "./card-alarm";
import { CardJob } from "./card-job";
import { isRecentlyChanged } from "./recent-changes";

interface Props {
  card: Card;
  /** The job shown at the bottom of the card. */
  job: JobSummary | undefined;
  /** Why it needs attention. */
  attention: Attention | undefined;
  /** Its drawer is open. */
  current: boolean;
}

const MAX_TAGS = 3;
const buttonClass = "grid size-6 place-items-center rounded text-muted-foreground hover:bg-muted hover:text-foreground";

/** Draggable anywhere by pointer, and by its handle with the keyboard. */
export const BoardCard = memo(function BoardCard({ card, job, attention, current }: Props) {
  const shared = useBoardShared();
  const { editable, open, showMenu } = shared;
  const { setNodeRef, setActivatorNodeRef, listeners, attributes, isDragging } = useDraggable({
    id: card.ticket_id,
    data: { card },
    disabled: !editable,
    attributes: { roleDescription: "draggable ticket" },
  });
  const { onKeyDown, ...pointer } = listeners ?? {};
  return (
    <article
      ref={setNodeRef}
      {...pointer}
      aria-label={`${card.key} ${card.title}`}
      data-ticket={card.ticket_id}
      aria-current={current || undefined}
      className={cn(
        "group relative rounded-lg border bg-surface shadow-card hover:border-border-strong",
        "has-[a:focus-visible]:outline-2 has-[a:focus-visible]:outline-ring",
        editable && "touch-manipulation",
        card.is_blocked && "border-l-2 border-l-danger",
        current && "border-primary ring-1 ring-primary",
        isDragging && "opacity-35",
        isRecentlyChanged(card.ticket_id) && "animate-changed",
      )}
    >
      <CardFace
        card={card}
        shared={shared}
        title={
          // A plain link, because a router link costs more to render than the rest of the card.
          <a
            href={`/w/${card.workflow_id}/t/${card.ticket_id}`}
            draggable={false}
            onClick={(event) => {
              if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
              event.preventDefault();
              open(card.ticket_id);
            }}
            className="outline-none after:absolute after:inset-0 after:rounded-lg"
          >
            <VisibleText text={card.title} />
          </a>
        }
        controls={
          <div className="absolute top-1 right-1 z-1 flex rounded bg-surface opacity-0 focus-within:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100">
            {editable && (
              <button
                type="button"
                ref={setActivatorNodeRef}
                {...attributes}
                onKeyDown={(event) => onKeyDown?.(event)}
                data-handle={card.ticket_id}
                aria-label={`Move ${card.key}`}
                className={cn(buttonClass, "cursor-grab pointer-coarse:hidden")}
              >
                <GripVertical className="size-3.5" />
              </button>
            )}
            {showMenu && (
              <button
                type="button"
                aria-label={`Actions for ${card.key}`}
                aria-haspopup="menu"
                className={buttonClass}
                onClick={(event) => showMenu(card, event.currentTarget)}
              >
                <MoreHorizontal className="size-4" />
              </button>
            )}
          </div>
        }
      />
      {job && <CardJob job={job} />}
      {attention && <CardAlarm attention={attention} />}
    </article>
  );
});

/** The dragged copy of a card. */
export function CardGhost({ card, shared }: { card: Card; shared: BoardShared }) {
  return (
    <div
      data-testid="ghost"
      className="rotate-1 cursor-grabbing rounded-lg border border-primary bg-surface shadow-pop"
    >
      <CardFace card={card} shared={shared} title={<VisibleText text={card.title} />} controls={null} />
    </div>
  );
}

interface FaceProps {
  card: Card;
  shared: BoardShared;
  title: React.ReactNode;
  controls: React.ReactNode;
}

function CardFace({ card, shared, title, controls }: FaceProps) {
  const { types, milestones, today, nameOf } = shared;
  const milestone = card.milestone_id ? milestones.get(card.milestone_id) : undefined;
  const assignee = card.assigned_agent_id ? nameOf(card.assigned_agent_id) : null;
  const time = card.spent_minutes || card.estimate_minutes;
  return (
    <div className="px-2.5 pt-2 pb-2">
      <div className="flex h-5 items-center gap-1.5 text-2xs text-muted-foreground">
        <TypeIcon type={types.get(card.ticket_type)} id={card.ticket_type} />
        <span className="tabular shrink-0">{card.key}</span>
        <div className="flex min-w-0 items-center gap-1.5 overflow-hidden whitespace-nowrap pointer-coarse:mr-5">
          {card.is_blocked && (
            <span className="flex shrink-0 items-center gap-0.5 rounded bg-danger-soft px-1 font-medium text-danger">
              <Lock className="size-3" aria-hidden="true" /> Blocked
            </span>
          )}
          <ReviewMark status={card.approval_status} />
          {card.is_resolved && (
            <span className="flex shrink-0 items-center gap-0.5 font-medium text-success">
              <Check className="size-3" aria-hidden="true" /> Resolved
            </span>
          )}
        </div>
        {controls}
      </div>
      <h3
        dir="auto"
        className={cn("mt-0.5 line-clamp-2 font-medium leading-snug", card.is_resolved && "text-muted-foreground")}
      >
        {title}
      </h3>
      {card.tags.length > 0 && (
        <div className="mt-1.5 flex h-5 items-center gap-1 overflow-hidden text-2xs text-muted-foreground">
          {card.tags.slice(0, MAX_TAGS).map((tag) => (
            <span key={tag} dir="auto" className="max-w-28 truncate rounded bg-muted px-1.5 leading-[1.15rem]">
              {tag}
            </span>
          ))}
          {card.tags.length > MAX_TAGS && <span>+{card.tags.length - MAX_TAGS}</span>}
        </div>
      )}
      <div className="mt-1.5 flex h-5 items-center gap-2 text-2xs text-muted-foreground">
        <PriorityIcon priority={card.priority} className="size-3.5" />
        {card.story_points !== null && <Count label={`${card.story_points} points`}>{card.story_points} pt</Count>}
        {time ? (
          <Count label={`${formatDuration(time)} ${card.spent_minutes ? "spent" : "estimated"}`}>
            <Clock className="size-3" /> {formatDuration(time)}
          </Count>
        ) : null}
        <DueMark card={card} today={today} />
        <MilestoneMark milestone={milestone} />
        {card.comment_count > 0 && (
          <Count label={`${card.comment_count} comments`}>
            <MessageSquare className="size-3" /> {card.comment_count}
          </Count>
        )}
        {card.commit_count > 0 && (
          <Count label={`${card.commit_count} commits`}>
            <GitCommitHorizontal className="size-3" /> {card.commit_count}
          </Count>
        )}
        {assignee && (
          <span className="ml-auto" title={`Assigned to ${assignee.name}`}>
            <span className="sr-only">Assigned to {assignee.name}</span>
            <Avatar {...assignee} />
          </span>
        )}
      </div>
    </div>
  );
}

function ReviewMark({ status }: { status: Card["approval_status"] }) {
  if (status === "pending_review") {
    return (
      <span className="flex shrink-0 items-center gap-0.5 rounded bg-warning-soft px-1 font-medium text-warning">
        <Eye className="size-3" aria-hidden="true" /> Needs review
      </span>
    );
  }
  if (status !== "rejected") return null;
  return (
    <span className="flex shrink-0 items-center gap-0.5 rounded bg-danger-soft px-1 font-medium text-danger">
      <CircleX className="size-3" aria-hidden="true" /> Rejected
    </span>
  );
}

function Count({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <span title={label} className="tabular flex shrink-0 items-center gap-0.5">
      <span className="sr-only">{label}</span>
      <span aria-hidden="true" className="contents">
        {children}
      </span>
    </span>
  );
}
