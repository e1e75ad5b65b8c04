/** What each job said last, from the workflow's stream. Rows subscribe to their own job, so a line renders one row. */
import type { LiveEvent } from "@/api/types";

const MAX_LENGTH = 300;

export class LastLines {
  private readonly lines = new Map<string, string>();
  private readonly listeners = new Map<string, Set<() => void>>();

  apply(events: readonly LiveEvent[]): void {
    for (const { type, job_id, data } of events) {
      if (!job_id) continue;
      if (type !== "job_progress" && type !== "job_stage" && type !== "job_message") continue;
      const said = typeof data.message === "string" ? data.message : data.message?.content;
      const line = said && lastLineOf(said);
      if (!line || this.lines.get(job_id) === line) continue;
      this.lines.set(job_id, line);
      for (const notify of this.listeners.get(job_id) ?? []) notify();
    }
  }

  get(jobId: string): string | undefined {
    return this.lines.get(jobId);
  }

  subscribe(jobId: string, listener: () => void): () => void {
    const held = this.listeners.get(jobId) ?? new Set();
    this.listeners.set(jobId, held.add(listener));
    return () => {
      held.delete(listener);
      if (held.size === 0) this.listeners.delete(jobId);
    };
  }
}

/** The last line of a text that is not blank. */
export function lastLineOf(text: string): string | undefined {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return lines.findLast((line) => line !== "")?.slice(0, MAX_LENGTH);
}
