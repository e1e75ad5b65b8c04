import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, LoaderCircle } from "lucide-react";
import { useLayoutEffect, useMemo, useRef, useState } from "react";
import { explain } from "@/api";
import type { Message } from "@/api/types";
import type { JobRoom, JobView } from "@/live/job-room";
import { Button } from "@/ui/button";
import { Notice, Spinner } from "@/ui/states";
import { BlockView } from "./block-view";
import { blocksOf } from "./blocks";

interface Props {
  room: JobRoom | null;
  view: JobView;
  withLogs: boolean;
  me: string | undefined;
  mayDelete: (message: Message) => boolean;
  onDelete: (message: Message) => void;
  /** What stands where nothing was said yet. */
  nothing: string;
}

/** So near to the end one wants to see what comes. */
const NEAR_END = 32;
const USUAL_HEIGHT = 48;

/** The lines of a job, drawn as far as they are seen; it stays at the end until somebody scrolls up. */
export function Transcript({ room, view, withLogs, me, mayDelete, onDelete, nothing }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const pinned = useRef(true);
  const [away, setAway] = useState(false);
  const blocks = useMemo(() => blocksOf(view.messages, withLogs), [view.messages, withLogs]);
  const virtual = useVirtualizer({
    count: blocks.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => USUAL_HEIGHT,
    getItemKey: (index) => blocks[index]?.key ?? index,
    overscan: 8,
    gap: 10,
    paddingStart: 12,
    paddingEnd: 12,
    useFlushSync: false,
  });
  const height = virtual.getTotalSize();

  // Older lines come in above: what is being read stays where it is.
  const first = blocks[0]?.key;
  const before = useRef({ first, height });
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const old = before.current;
    if (pinned.current) element.scrollTop = element.scrollHeight;
    else if (old.first !== first && old.first !== undefined && height > old.height) {
      element.scrollTop += height - old.height;
    }
    before.current = { first, height };
  }, [first, height]);

  const onScroll = () => {
    const element = scroller.current;
    if (!element) return;
    const atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END;
    pinned.current = atEnd;
    setAway(!atEnd);
  };
  const toEnd = () => {
    pinned.current = true;
    const element = scroller.current;
    if (element) element.scrollTop = element.scrollHeight;
  };

  if (view.state === "loading") return <Spinner label="Loading the transcript…" className="flex-1" />;
  if (view.state === "failed" && blocks.length === 0) {
    return (
      <div className="flex-1 p-4">
        <Notice tone="danger">
          The transcript could not be read. {explain(view.error)}{" "}
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
        onScroll={onScroll}
        className="scroll-thin min-h-0 flex-1 overflow-y-auto px-4 [overflow-anchor:none]"
      >
        {view.hasEarlier && (
          <div className="pt-3 text-center">
            <Button variant="ghost" size="sm" disabled={view.reading} onClick={() => void room?.earlier()}>
              {view.reading && <LoaderCircle className="animate-spin" />} Load earlier
            </Button>
          </div>
        )}
        {blocks.length === 0 && <p className="py-10 text-center text-muted-foreground">{nothing}</p>}
        <div className="relative" style={{ height }}>
          {virtual.getVirtualItems().map((row) => {
            const block = blocks[row.index];
            return (
              block && (
                <div
                  key={row.key}
                  ref={virtual.measureElement}
                  data-index={row.index}
                  className="absolute inset-x-0 top-0"
                  style={{ transform: `translateY(${row.start}px)` }}
                >
                  <BlockView block={block} me={me} mayDelete={mayDelete} onDelete={onDelete} />
                </div>
              )
            );
          })}
        </div>
      </div>
      {away && (
        <Button size="sm" className="absolute right-4 bottom-3 rounded-full" onClick={toEnd}>
          <ArrowDown /> To the end
        </Button>
      )}
    </div>
  );
}
