/** What the agents page shows. The workflow's stream keeps it current, except for heartbeats, which it does not carry. */
import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { approvals as approvalsApi, jobs as jobsApi, reports, usage } from "@/api";
import { useMembers } from "@/api/hooks";
import { queryKeys } from "@/api/query-keys";
import type { Job, JobPage, JobStatus, LiveEvent, UsageTotals } from "@/api/types";
import { useFailures, useSilences } from "@/live/attention";
import { useLive } from "@/live/context";
import type { BoardState } from "@/live/state/board";
import { hasEnded } from "@/live/state/jobs";
import { type AgentNumbers, numbersOf } from "./agent-numbers";
import { type Lane, lanesOf, sameLane } from "./lanes";
import { LastLines } from "./last-lines";

const OPEN: readonly JobStatus[] = ["queued", "running", "paused", "waiting"];
const PAGE_SIZE = 200;
const MAX_PAGES = 5;
const HEARTBEAT_REFETCH_MS = 10_000;
const NUMBERS_STALE_MS = 60_000;
const NONE: readonly never[] = [];
const EMPTY: ReadonlyMap<string, never> = new Map<string, never>();

export function useLanes(board: BoardState) {
  const workflowId = board.workflow.id;
  const open = useOpenJobs(workflowId);
  const failures = useFailures(workflowId);
  const silences = useSilences(workflowId);
  const members = useMembers(workflowId);
  const pending = useQuery({
    queryKey: [...queryKeys.approvals, "pending", workflowId],
    queryFn: ({ signal }) =>
      approvalsApi.list({ workflow_id: workflowId, status: "pending", limit: PAGE_SIZE }, signal),
    staleTime: 5_000,
  });
  const { cards, config } = board;
  const jobs = open.data?.jobs;
  const asked = pending.data?.approvals;
  const next = useMemo(
    () =>
      lanesOf({
        jobs: jobs ?? NONE,
        board: { cards, config },
        failures: failures.data ?? EMPTY,
        silences: silences.data ?? EMPTY,
        approvals: asked ?? NONE,
        members: members.data ?? NONE,
      }),
    [jobs, cards, config, failures.data, silences.data, asked, members.data],
  );
  const lanes = useStableLanes(next);
  const queries = [open, failures, silences, members, pending];
  return {
    lanes,
    loading: queries.some(({ isPending }) => isPending),
    error: queries.find(({ error }) => error)?.error ?? null,
    hasMore: open.data?.has_more ?? false,
    retry: () => Promise.all(queries.filter(({ isError }) => isError).map(({ refetch }) => refetch())),
  };
}

/** The lanes before, where nothing of them changed. */
function useStableLanes(next: readonly Lane[]): readonly Lane[] {
  const [kept, setKept] = useState(next);
  if (kept === next) return kept;
  const before = new Map(kept.map((lane) => [lane.id, lane]));
  const lanes = next.map((lane) => {
    const old = before.get(lane.id);
    return old && sameLane(old, lane) ? old : lane;
  });
  const same = lanes.length === kept.length && lanes.every((lane, at) => lane === kept[at]);
  if (same) return kept;
  setKept(lanes);
  return lanes;
}

function useOpenJobs(workflowId: string) {
  return useQuery({
    queryKey: [...queryKeys.jobs, "lanes", workflowId],
    queryFn: ({ signal }) => fetchOpenJobs(workflowId, signal),
    staleTime: 5_000,
    refetchInterval: ({ state }) => (state.data?.jobs.some(hasLease) ? HEARTBEAT_REFETCH_MS : false),
  });
}

const hasLease = ({ lease_expires_at, status }: Job) => lease_expires_at !== null && !hasEnded(status);

async function fetchOpenJobs(workflow_id: string, signal: AbortSignal): Promise<JobPage> {
  const found: Job[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const page = await jobsApi.list({ workflow_id, status: OPEN, limit: PAGE_SIZE, cursor }, signal);
    found.push(...page.jobs);
    cursor = page.has_more ? (page.next_cursor ?? undefined) : undefined;
    if (!cursor) break;
  }
  return { jobs: found, has_more: cursor !== undefined };
}

export interface Numbers {
  ofAgents: ReadonlyMap<string, AgentNumbers>;
  usageOfAgents: ReadonlyMap<string, UsageTotals>;
  usageOfJobs: ReadonlyMap<string, UsageTotals>;
}

/** Usage, success and waits of the last 30 days. Extras: lanes are shown without them. */
export function useNumbers(workflowId: string): Numbers {
  const ofAgents = useUsage(workflowId, "agent");
  const ofJobs = useUsage(workflowId, "job");
  const attempts = useReport(workflowId, "job_attempts");
  const asked = useReport(workflowId, "approvals");
  return useMemo(
    () => ({
      ofAgents: numbersOf(attempts ?? NONE, asked ?? NONE),
      usageOfAgents: ofAgents ?? EMPTY,
      usageOfJobs: ofJobs ?? EMPTY,
    }),
    [attempts, asked, ofAgents, ofJobs],
  );
}

function useUsage(workflowId: string, by: "agent" | "job"): ReadonlyMap<string, UsageTotals> | undefined {
  return useQuery({
    queryKey: [...queryKeys.usage, workflowId, by],
    queryFn: async ({ signal }): Promise<ReadonlyMap<string, UsageTotals>> =>
      new Map((await usage.by(by, workflowId, signal)).map(({ key, usage: used }) => [key ?? "", used])),
    structuralSharing: false,
    staleTime: NUMBERS_STALE_MS,
  }).data;
}

function useReport(workflowId: string, name: string) {
  return useQuery({
    queryKey: [...queryKeys.reports(workflowId), "last days", name],
    queryFn: async ({ signal }) =>
      (await reports.read(name, { workflow_id: workflowId }, undefined, signal)).report.rows,
    structuralSharing: false,
    staleTime: NUMBERS_STALE_MS,
  }).data;
}

/** The last line of each job. Also refreshes what events only announce. */
export function useLastLines(workflowId: string): LastLines {
  const live = useLive();
  const queries = useQueryClient();
  const [lines] = useState(() => new LastLines());
  useEffect(
    () =>
      live.onEvents((id, events) => {
        if (id !== workflowId) return;
        lines.apply(events);
        for (const event of events) {
          putUsage(queries, event);
          if (event.type === "usage_reported") live.work.refresh([...queryKeys.usage, workflowId, "agent"]);
          if (endsAttempt(event)) live.work.refresh(queryKeys.reports(workflowId));
        }
      }),
    [live, queries, lines, workflowId],
  );
  return lines;
}

function putUsage(queries: QueryClient, { workflow_id, job_id, data }: LiveEvent): void {
  const used = data.job_usage;
  if (!job_id || !used) return;
  queries.setQueryData<ReadonlyMap<string, UsageTotals>>(
    [...queryKeys.usage, workflow_id, "job"],
    (old) => old && new Map(old).set(job_id, used),
  );
}

function endsAttempt({ type, data }: LiveEvent): boolean {
  return type === "job_status" && data.old_status === "running" && data.job !== undefined;
}
