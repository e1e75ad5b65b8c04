/** What needs attention in a workflow, kept up to date by its stream. The board of the workflow must be open. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { findings, jobs } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { Finding, Job, JobStatus } from "@/api/types";
import { useLive } from "./context";
import { type Attentions, attentionsOf, type Silence } from "./state/attention";
import type { BoardState } from "./state/board";
import { type Failures, failuresOf } from "./state/failures";

const PAGE_SIZE = 200;
const MAX_PAGES = 5;
const NOT_FAILED: readonly JobStatus[] = ["queued", "running", "paused", "waiting", "succeeded", "cancelled"];

/** Failed jobs that nobody has dealt with. The stream keeps them current, so they are fetched once. */
export function useFailures(workflowId: string) {
  const live = useLive();
  return useQuery({
    queryKey: [...queryKeys.failures, workflowId],
    queryFn: ({ signal }) => fetchFailures(workflowId, live.board(workflowId), signal),
    staleTime: Number.POSITIVE_INFINITY,
    structuralSharing: false,
  });
}

/**
 * The board lists open jobs only, so failed ones are read from the list of jobs: the newest 1,000. Whether another job of their
 * ticket was queued later is looked up for tickets that are open.
 */
async function fetchFailures(
  workflowId: string,
  board: BoardState | undefined,
  signal: AbortSignal,
): Promise<Failures> {
  const failed = await fetchJobs(workflowId, ["failed"], undefined, signal);
  const isOpen = (id: string | null) => {
    const card = id ? board?.cards.get(id) : undefined;
    return card !== undefined && !card.is_resolved;
  };
  const concerned = failed.filter(({ ticket_id }) => isOpen(ticket_id));
  const oldest = concerned.at(-1)?.created_at;
  const others = oldest ? await fetchJobs(workflowId, NOT_FAILED, oldest, signal) : [];
  return failuresOf([...failed, ...others]);
}

/** Jobs, newest first, back to a time. */
async function fetchJobs(
  workflow_id: string,
  status: readonly JobStatus[],
  until: string | undefined,
  signal: AbortSignal,
): Promise<Job[]> {
  const found: Job[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const page = await jobs.list({ workflow_id, status, limit: PAGE_SIZE, cursor }, signal);
    found.push(...page.jobs);
    cursor = page.has_more ? (page.next_cursor ?? undefined) : undefined;
    const last = page.jobs.at(-1)?.created_at;
    if (!cursor || (until && last && last < until)) break;
  }
  return found;
}

/** Agents that have done nothing about their tickets for too long, by agent. */
export function useSilences(workflowId: string) {
  return useQuery({
    queryKey: [...queryKeys.findings, workflowId, "agent_silent"],
    queryFn: async ({ signal }) => (await findings.list(workflowId, ["agent_silent"], signal)).findings,
    select: silencesOf,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

function silencesOf(found: readonly Finding[]): ReadonlyMap<string, Silence> {
  const silences = new Map<string, Silence>();
  for (const finding of found) if (finding.agent_id) silences.set(finding.agent_id, { kind: "silent", finding });
  return silences;
}

/** The tickets of a board that need attention. */
export function useAttentions(board: BoardState): Attentions {
  const { cards, config, jobs: open } = board;
  const failures = useFailures(board.workflow.id).data;
  const silences = useSilences(board.workflow.id).data;
  return useMemo(
    () => attentionsOf({ cards, config, jobs: open }, failures, silences),
    [cards, config, open, failures, silences],
  );
}
