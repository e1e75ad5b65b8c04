/** A transcript as it is drawn: what is said line by line, the output of commands in blocks like a terminal's. Pure. */
import type { Message } from "@/api/types";

export type Block =
  | { readonly kind: "chat" | "step"; readonly key: string; readonly message: Message }
  | {
      readonly kind: "log";
      readonly key: string;
      readonly lines: readonly Message[];
      /** The same output began in the block before, or goes on in the next. */
      readonly joined: { readonly above: boolean; readonly below: boolean };
    };

/** So many lines a block at most: one that grows is drawn anew with every line. */
const MAX_BLOCK_LINES = 40;
const NO_STARTS: ReadonlySet<number> = new Set();

export function toBlocks(
  messages: readonly Message[],
  withLogs = true,
  starts: ReadonlySet<number> = NO_STARTS,
): readonly Block[] {
  const blocks: Block[] = [];
  let run: Message[] = [];
  let above = false;
  const close = (below = false) => {
    const first = run[0];
    if (first) blocks.push({ kind: "log", key: `log-${first.message_id}`, lines: run, joined: { above, below } });
    above = below;
    run = [];
  };
  for (const message of messages) {
    if (message.kind !== "log") {
      close();
      blocks.push({ kind: message.kind, key: message.message_id, message });
      continue;
    }
    if (!withLogs) continue;
    // Cut at fixed places, so that older lines do not move the cuts of those that are drawn.
    const previous = run[run.length - 1];
    const full =
      previous && Math.floor(previous.order / MAX_BLOCK_LINES) !== Math.floor(message.order / MAX_BLOCK_LINES);
    if (full || starts.has(message.order)) close(run.length > 0);
    run.push(message);
  }
  close();
  return blocks;
}
