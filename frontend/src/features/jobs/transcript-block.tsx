import { Trash2 } from "lucide-react";
import { memo } from "react";
import type { Message } from "@/api/types";
import { Avatar } from "@/entities/actor/avatar";
import { RichText } from "@/entities/ticket/rich-text";
import { cn } from "@/ui/cn";
import { VisibleText } from "@/ui/invisible";
import { TimeAgo } from "@/ui/time";
import type { StageName } from "./stage-names";
import type { Block } from "./transcript-blocks";

interface Props {
  block: Block;
  me: string | undefined;
  nameOfStage: StageName;
  canDelete: (message: Message) => boolean;
  onDelete: (message: Message) => void;
}

export const TranscriptBlock = memo(function TranscriptBlock({ block, me, nameOfStage, canDelete, onDelete }: Props) {
  if (block.kind === "log") return <LogBlock lines={block.lines} {...block.joined} />;
  const { message } = block;
  const remove = canDelete(message) ? () => onDelete(message) : undefined;
  return block.kind === "step" ? (
    <StepMessage message={message} stage={message.stage && nameOfStage(message.stage)} onDelete={remove} />
  ) : (
    <ChatMessage message={message} isOwn={message.agent_id === me} onDelete={remove} />
  );
});

function ChatMessage({
  message,
  isOwn,
  onDelete,
}: {
  message: Message;
  isOwn: boolean;
  onDelete: (() => void) | undefined;
}) {
  const person = message.role === "user";
  const name = message.sender ?? (person ? "User" : "Agent");
  return (
    <article
      aria-label={`Message from ${name}`}
      data-message={message.message_id}
      className={cn("group flex gap-2", isOwn && "flex-row-reverse")}
    >
      <Avatar id={message.agent_id ?? name} name={name} agent={!person} size="md" />
      <div className={cn("min-w-0 max-w-[85%]", isOwn && "text-right")}>
        <p className="flex h-5 items-center gap-1.5 text-2xs text-muted-foreground">
          <span className={cn("truncate font-semibold text-foreground", isOwn && "order-2 ml-auto")}>
            {isOwn ? "You" : name}
          </span>
          <TimeAgo at={message.created_at} className="shrink-0" />
          <DeleteButton onDelete={onDelete} />
        </p>
        <div
          className={cn(
            "inline-block max-w-full rounded-xl px-3 py-2 text-left",
            isOwn ? "rounded-tr-sm bg-accent" : "rounded-tl-sm bg-muted",
          )}
        >
          <RichText text={message.content} />
        </div>
      </div>
    </article>
  );
}

const STEP_LEVELS: Record<Message["level"], string> = {
  debug: "text-muted-foreground",
  info: "",
  warning: "text-warning",
  error: "text-danger",
};

interface StepProps {
  message: Message;
  stage: string | null;
  onDelete: (() => void) | undefined;
}

function StepMessage({ message, stage, onDelete }: StepProps) {
  return (
    <article
      aria-label={`Step${message.sender ? ` by ${message.sender}` : ""}`}
      data-message={message.message_id}
      className="group flex items-baseline gap-2 text-xs"
    >
      <span
        aria-hidden="true"
        className={cn(
          "size-1.5 shrink-0 -translate-y-px rounded-full",
          message.level === "error" ? "bg-danger" : message.level === "warning" ? "bg-warning" : "bg-primary",
        )}
      />
      <p dir="auto" className={cn("min-w-0 [overflow-wrap:anywhere]", STEP_LEVELS[message.level])}>
        {message.sender && message.role !== "system" && <span className="font-semibold">{message.sender} </span>}
        <VisibleText text={message.content} />
      </p>
      <span className="ml-auto flex shrink-0 items-center gap-1 text-2xs text-muted-foreground">
        <DeleteButton onDelete={onDelete} hideOnTouch />
        {stage && <span className="max-sm:hidden">{stage}</span>}
        <TimeAgo at={message.created_at} />
      </span>
    </article>
  );
}

/** Fixed colors, because the log block is dark in both themes. */
const LOG_LEVELS: Record<Message["level"], string> = {
  debug: "text-[#9aa4b2]",
  info: "",
  warning: "text-[#f3c969]",
  error: "text-[#ff9a8f]",
};

function LogBlock({ lines, above, below }: { lines: readonly Message[]; above: boolean; below: boolean }) {
  return (
    <pre
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
      tabIndex={0}
      className={cn(
        "scroll-thin overflow-x-auto bg-[#12151c] px-3 font-mono text-[#dfe3ea] text-[11px] leading-[1.45]",
        !above && "rounded-t-lg pt-2",
        !below && "rounded-b-lg pb-2",
      )}
    >
      {lines.map((line) => (
        <span
          dir="auto"
          key={line.message_id}
          data-message={line.message_id}
          className={cn("block", LOG_LEVELS[line.level])}
        >
          {line.level === "error" && <span className="sr-only">error: </span>}
          <VisibleText text={line.content || " "} />
        </span>
      ))}
    </pre>
  );
}

interface DeleteProps {
  onDelete: (() => void) | undefined;
  /** Hidden on touch devices, where it would always be visible. */
  hideOnTouch?: boolean;
}

function DeleteButton({ onDelete, hideOnTouch }: DeleteProps) {
  if (!onDelete) return null;
  return (
    <button
      type="button"
      aria-label="Delete message"
      title="Delete message"
      onClick={onDelete}
      className={cn(
        "grid size-5 place-items-center rounded text-muted-foreground opacity-0 hover:bg-muted hover:text-foreground focus-visible:opacity-100 group-hover:opacity-100",
        hideOnTouch ? "pointer-coarse:hidden" : "pointer-coarse:opacity-100",
      )}
    >
      <Trash2 className="size-3" />
    </button>
  );
}
