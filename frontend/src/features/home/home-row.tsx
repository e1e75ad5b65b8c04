import { Link } from "@tanstack/react-router";
import { Check, CheckCheck, MessageSquareReply, RotateCcw, X } from "lucide-react";
import { useMe } from "@/api/hooks";
import type { HomeItem, HomeSectionName } from "@/api/types";
import { HeldNotice } from "@/entities/approval/held-notice";
import { useHeld } from "@/entities/approval/use-held";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { VisibleText } from "@/ui/invisible";
import { TimeAgo } from "@/ui/time";
import { Tooltip } from "@/ui/tooltip";
import { describe, isYesNo, SECTIONS, titleOf } from "./sections";
import type { HomeActions } from "./use-home-actions";

/** Answers that are offered as buttons; the others are in the approval itself. */
const MAX_OPTIONS = 4;

interface Props {
  item: HomeItem;
  section: HomeSectionName;
  /** Not shown where all items are of one workflow. */
  workflowName: string | undefined;
  current: boolean;
  actions: HomeActions;
  onFocus: () => void;
}

export function HomeRow({ item, section, workflowName, current, actions, onFocus }: Props) {
  const { icon: Icon, tone } = SECTIONS[section];
  const text = describe(item, useMe());
  const held = useHeld(item.id);
  return (
    <li
      data-home-item={item.id}
      data-held={held?.approval.id}
      aria-current={current || undefined}
      tabIndex={-1}
      onFocus={onFocus}
      className={cn(
        "group flex flex-wrap items-center gap-x-3 gap-y-2 px-4 py-2.5 outline-none hover:bg-sunken sm:flex-nowrap",
        current && "bg-sunken shadow-[inset_2px_0_0_var(--primary)]",
      )}
    >
      <Icon className={cn("size-4 shrink-0", tone)} aria-hidden="true" />
      <div className="min-w-0 flex-1">
        <ItemLink item={item} onOpen={() => actions.opened(item)} />
        <p className="flex min-w-0 items-center gap-x-2 text-muted-foreground text-xs">
          {item.ticket_key && <span className="tabular shrink-0">{item.ticket_key}</span>}
          {workflowName && (
            <span dir="auto" className="max-w-40 shrink-0 truncate">
              {workflowName}
            </span>
          )}
          {text && text !== titleOf(item) && (
            <span dir="auto" className={cn("truncate", section === "failed" && "text-danger")}>
              <VisibleText text={text} />
            </span>
          )}
        </p>
      </div>
      <TimeAgo at={item.at} className="tabular shrink-0 text-muted-foreground text-xs max-sm:order-none" />
      <div className="flex flex-wrap items-center justify-end gap-1.5 max-sm:basis-full sm:shrink-0">
        {held ? (
          <HeldNotice held={held} showKeys={current} compact />
        ) : (
          <RowActions item={item} section={section} actions={actions} />
        )}
      </div>
    </li>
  );
}

/** The title, as a link to what the item is about. */
function ItemLink({ item, onOpen }: { item: HomeItem; onOpen: () => void }) {
  const { workflow_id: workflowId, ticket_id: ticketId } = item;
  // A question is decided here, so it is shown in full as far as possible.
  const className = cn(
    "block rounded font-medium text-sm hover:underline",
    item.approval?.status === "pending" ? "line-clamp-4 [overflow-wrap:anywhere]" : "truncate",
  );
  const title = <VisibleText text={titleOf(item)} />;
  if (item.approval?.status === "pending") {
    return (
      <Link
        to="/w/$workflowId/review/$approvalId"
        params={{ workflowId, approvalId: item.id }}
        className={className}
        data-open=""
      >
        {title}
      </Link>
    );
  }
  if (item.job_id && (item.kind === "job" || item.kind === "job_silent")) {
    return (
      <Link
        to="/w/$workflowId/jobs/$jobId"
        params={{ workflowId, jobId: item.job_id }}
        search={{}}
        className={className}
        data-open=""
      >
        {title}
      </Link>
    );
  }
  if (ticketId) {
    return (
      <Link
        to="/w/$workflowId/t/$ticketId"
        params={{ workflowId, ticketId }}
        search={{}}
        onClick={onOpen}
        className={className}
        data-open=""
      >
        {title}
      </Link>
    );
  }
  return item.kind === "job_without_worker" ? (
    <Link to="/w/$workflowId/jobs" params={{ workflowId }} search={{}} className={className} data-open="">
      {title}
    </Link>
  ) : (
    <Link to="/w/$workflowId" params={{ workflowId }} search={{}} className={className} data-open="">
      {title}
    </Link>
  );
}

function RowActions({ item, section, actions }: Pick<Props, "item" | "section" | "actions">) {
  const options = item.approval?.options ?? [];
  if (section === "waiting") {
    return (
      <>
        {options.slice(0, MAX_OPTIONS).map((option) => (
          <Button
            key={option}
            size="sm"
            className="max-w-40"
            onClick={() => actions.decide(item, "answer", { answer: option })}
          >
            <span dir="auto" className="truncate">
              {option}
            </span>
          </Button>
        ))}
        {item.kind !== "review" && (
          <Button
            size="sm"
            variant={options.length > 0 || isYesNo(item) ? "ghost" : "outline"}
            onClick={() => void actions.answer(item)}
          >
            <MessageSquareReply /> Answer
          </Button>
        )}
        {isYesNo(item) && (
          <>
            <Button size="sm" onClick={() => actions.decide(item, "approve")}>
              <Check /> Approve
            </Button>
            <Button size="sm" variant="danger" onClick={() => void actions.reject(item)}>
              <X /> Reject
            </Button>
          </>
        )}
      </>
    );
  }
  return (
    <>
      {section === "failed" && (
        <Button size="sm" onClick={() => actions.retry(item)}>
          <RotateCcw /> Retry
        </Button>
      )}
      {item.kind === "job_silent" && (
        <Button size="sm" onClick={() => void actions.cancel(item)}>
          <X /> Cancel job
        </Button>
      )}
      <Tooltip label={item.kind === "mention" ? "Mark as read" : "Mark as seen"}>
        <Button
          size="icon-sm"
          variant="ghost"
          aria-label={`${item.kind === "mention" ? "Mark as read" : "Mark as seen"}: ${titleOf(item)}`}
          onClick={() => actions.markSeen(item)}
        >
          <CheckCheck />
        </Button>
      </Tooltip>
    </>
  );
}
