import { ArrowLeft } from "lucide-react";
import type { ReactNode } from "react";
import type { NameOf } from "@/api/hooks";
import type { BoardConfig, Card } from "@/api/types";
import { Avatar } from "@/entities/actor/avatar";
import { PRIORITY_NAMES, PriorityIcon } from "@/entities/ticket/priority-icon";
import { TypeIcon } from "@/entities/ticket/type-icon";
import { Button } from "@/ui/button";
import { VisibleText } from "@/ui/invisible";
import { formatDuration } from "@/ui/time";
import { formatMoment } from "./moments";

interface Props {
  card: Card;
  at: string;
  config: BoardConfig;
  nameOf: NameOf;
  onBack: () => void;
  onOpen: (ticketId: string) => void;
}

/** A ticket as its card knew it at the moment. */
export function PastTicket({ card, at, config, nameOf, onBack, onOpen }: Props) {
  const assignee = card.assigned_agent_id ? nameOf(card.assigned_agent_id) : null;
  const type = config.ticket_types.find(({ id }) => id === card.ticket_type);
  return (
    <div className="p-4">
      <Button variant="ghost" size="sm" className="-ml-2" onClick={onBack}>
        <ArrowLeft /> All changes
      </Button>
      <p className="mt-3 flex items-center gap-1.5 text-muted-foreground text-xs">
        <TypeIcon type={type} id={card.ticket_type} />
        <span className="tabular">{card.key}</span>
        <span>as of {formatMoment(at)}</span>
      </p>
      <h3 className="mt-1 font-semibold text-sm leading-snug" dir="auto">
        <VisibleText text={card.title} />
      </h3>
      <dl className="mt-3 grid grid-cols-[6.5rem_1fr] gap-x-2 gap-y-2 text-xs">
        <Row name="Status">{config.columns.find(({ id }) => id === card.status)?.name ?? card.status}</Row>
        <Row name="Priority">
          <PriorityIcon priority={card.priority} className="size-3.5" /> {PRIORITY_NAMES[card.priority]}
        </Row>
        <Row name="Assignee">
          {assignee ? (
            <>
              <Avatar {...assignee} /> {assignee.name}
            </>
          ) : (
            "Unassigned"
          )}
        </Row>
        {card.story_points !== null && <Row name="Points">{card.story_points}</Row>}
        {card.estimate_minutes ? <Row name="Estimate">{formatDuration(card.estimate_minutes)}</Row> : null}
        {card.spent_minutes ? <Row name="Spent">{formatDuration(card.spent_minutes)}</Row> : null}
        {card.is_blocked && <Row name="Blocked">Yes</Row>}
        {card.approval_status === "pending_review" && <Row name="Review">Needs review</Row>}
        {card.tags.length > 0 && <Row name="Tags">{card.tags.join(", ")}</Row>}
        <Row name="Comments">{card.comment_count}</Row>
        <Row name="Commits">{card.commit_count}</Row>
        <Row name="Created">{formatMoment(card.created_at)}</Row>
        <Row name="Last change">{formatMoment(card.updated_at)}</Row>
      </dl>
      <Button className="mt-4" onClick={() => onOpen(card.ticket_id)}>
        Open as it is now
      </Button>
    </div>
  );
}

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted-foreground">{name}</dt>
      <dd className="flex min-w-0 flex-wrap items-center gap-1.5">{children}</dd>
    </>
  );
}
