/** Groups a transcript into render blocks: one per chat message or step, and one per run of log lines. Pure. */
import type { Message } from "@/api/types";

export type Block =
  | { readonly kind: "chat" | "step"; readonly key: string; readonly message: Message }
  | {
      readonly kind: "log";
      readonly key: string;
      readonly lines: readonly Message[];
      /** Whether the same run of log lines continues from the previous or into the next block. */
      readonly joined: { readonly above: boolean; readonly below: boolean };
    };

/** Limits block size, because a growing block is rendered again with each line. */
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
    // Split at fixed orders, so that loading earlier lines does not change the keys of rendered blocks.
    const previous = run[run.length - 1];
    const full =
      previous && Math.floor(previous.order / MAX_BLOCK_LINES) !== Math.floor(message.order / MAX_BLOCK_LINES);
    if (full || starts.has(message.order)) close(run.length > 0);
    run.push(message);
  }
  close();
  return blocks;
}
