/**
 * The end of a visit. What finished stays listed while the user opens it and comes back; a visit ends a minute after Home was
 * left, or when the page is closed.
 */
import { home } from "@/api";
import type { Home } from "@/api/types";

const STAY_MS = 60_000;

let seen: Home | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;

export function enterHome(): void {
  clearTimeout(timer);
}

/** Keeps what Home shows now, for when the visit ends. */
export function noteSeen(shown: Home): void {
  seen = shown;
}

export function leaveHome(): void {
  clearTimeout(timer);
  timer = setTimeout(endVisit, STAY_MS);
}

function endVisit(): void {
  clearTimeout(timer);
  const ended = seen;
  seen = null;
  if (!ended || ended.workflows.length === 0) return;
  // Nothing is lost if it fails: the next visit lists the same again.
  home.markVisited({ epoch: ended.epoch, workflows: cursorsOf(ended) }).catch(() => undefined);
}

/** Up to where the workflows were seen, of all or of one. */
export function cursorsOf(shown: Home, workflowId?: string): Array<{ workflow_id: string; seq: number }> {
  return shown.workflows
    .filter(({ workflow_id }) => workflowId === undefined || workflow_id === workflowId)
    .map(({ workflow_id, seq }) => ({ workflow_id, seq }));
}

globalThis.addEventListener?.("pagehide", endVisit);
