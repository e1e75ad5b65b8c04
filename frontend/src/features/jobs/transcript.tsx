import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, LoaderCircle } from "lucide-react";
import { useMemo, useRef } from "react";
import { explain } from "@/api";
import type { Message } from "@/api/types";
import type { JobRoom, JobView } from "@/live/streams/job-room";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { Notice, Spinner } from "@/ui/states";
import type { StageName } from "./stage-names";
import { TranscriptBlock } from "./transcript-block";
import { type Block, toBlocks } from "./transcript-blocks";
import { useStickToBottom } from "./use-stick-to-bottom";

interface Props {
  room: JobRoom | null;
  view: JobView;
  showLogs: boolean;
  me: string | undefined;
  nameOfStage: StageName;
  canDelete: (message: Message) => boolean;
  onDelete: (message: Message) => void;
  /** Shown while there are no messages. */
  emptyText: string;
}

const LINE_HEIGHT = 16;
const MESSAGE_HEIGHT = 44;
const BLOCK_GAP = 10;

function estimateHeight(block: Block | undefined): number {
  return block?.kind === "log" ? block.lines.length * LINE_HEIGHT + 2 * BLOCK_GAP : MESSAGE_HEIGHT + BLOCK_GAP;
}

/** The virtualized messages of a job. Sticks to the bottom until the user scrolls up. */
export function Transcript({ room, view, showLogs, me, nameOfStage, canDelete, onDelete, emptyText }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const blocks = useMemo(
    () => toBlocks(view.messages, showLogs, view.pageStarts),
    [view.messages, showLogs, view.pageStarts],
  );
  const virtual = useVirtualizer({
    count: blocks.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => estimateHeight(blocks[index]),
    getItemKey: (index) => blocks[index]?.key ?? index,
    overscan: 8,
    paddingStart: 12,
    paddingEnd: 2,
    // Keeps the visible rows in place when earlier messages load above them.
    anchorTo: "end",
    // Disables the virtualizer's own following of the end, whose writes would cancel the user's scrolling.
    // useStickToBottom follows the end instead.
    scrollEndThreshold: -1,
    useFlushSync: false,
  });
  const ready = view.state !== "loading" && blocks.length > 0;
  const bottom = useStickToBottom(scroller, ready, [blocks, virtual.getTotalSize()]);

  if (view.state === "loading") return <Spinner label="Loading the transcript…" className="flex-1" />;
  if (view.state === "failed" && blocks.length === 0) {
    return (
      <div className="flex-1 p-4">
        <Notice tone="danger">
          Could not load the transcript. {explain(view.error)}{" "}
          <button type="button" className="underline" onClick={() => void room?.load()}>
            Try again
          </button>
        </Notice>
      </div>
    );
  }
  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      <div
        ref={scroller}
        role="log"
        aria-live="off"
        aria-label="Transcript"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        tabIndex={0}
        {...bottom.handlers}
        className="scroll-thin min-h-0 flex-1 overflow-y-auto px-4"
      >
        {blocks.length === 0 && <p className="py-10 text-center text-muted-foreground">{emptyText}</p>}
        <div className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((row) => {
            const block = blocks[row.index];
            return (
              block && (
                <div
                  key={row.key}
                  ref={virtual.measureElement}
                  data-index={row.index}
                  className={cn("absolute inset-x-0 top-0", !(block.kind === "log" && block.joined.below) && "pb-2.5")}
                  style={{ transform: `translateY(${row.start}px)` }}
                >
                  <TranscriptBlock
                    block={block}
                    me={me}
                    nameOfStage={nameOfStage}
                    canDelete={canDelete}
                    onDelete={onDelete}
                  />
                </div>
              )
            );
          })}
        </div>
      </div>
      {view.hasEarlier && (
        <Button
          size="sm"
          className="absolute top-2 left-1/2 -translate-x-1/2 rounded-full"
          disabled={view.loadingEarlier}
          onClick={() => void room?.loadEarlier()}
        >
          {view.loadingEarlier && <LoaderCircle className="animate-spin" />} Load earlier messages
        </Button>
      )}
      {ready && bottom.away && (
        <Button size="sm" className="absolute right-4 bottom-3 rounded-full" onClick={bottom.jumpToBottom}>
          <ArrowDown /> Jump to latest
        </Button>
      )}
    </div>
  );
}
