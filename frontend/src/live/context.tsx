/** The live client as React context, and the hooks through which pages read live state. */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { board as boardApi, workflows } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { BoardConfig, Workflow } from "@/api/types";
import type { LiveClient } from "./client";
import { type BoardState, boardFrom, withPatches } from "./state/board";
import { EMPTY_VIEW, type JobRoom, type JobView } from "./streams/job-room";
import type { LiveStatus } from "./transport/connection";

const LiveContext = createContext<LiveClient | null>(null);

export function LiveProvider({ client, children }: { client: LiveClient; children: ReactNode }) {
  useEffect(() => client.start(), [client]);
  return <LiveContext.Provider value={client}>{children}</LiveContext.Provider>;
}

export function useLive(): LiveClient {
  const client = useContext(LiveContext);
  if (!client) throw new Error("useLive needs a LiveProvider above it");
  return client;
}

export function useLiveStatus(): LiveStatus {
  const { connection } = useLive();
  return useSyncExternalStore(connection.subscribe, connection.get);
}

const boardQuery = (workflowId: string) =>
  queryOptions({
    queryKey: queryKeys.board(workflowId),
    queryFn: async ({ signal }): Promise<BoardState> => boardFrom(await boardApi.snapshot(workflowId, signal)),
    // The room keeps the board up to date; a refetch could replace it with an older one.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 10 * 60_000,
    structuralSharing: false,
    refetchOnMount: false,
  });

/** A workflow's board, kept up to date by its room, with optimistic moves applied. */
export function useBoard(workflowId: string) {
  const live = useLive();
  const query = useQuery(boardQuery(workflowId));
  const ready = query.data !== undefined;
  useEffect(() => (ready ? live.followBoard(workflowId) : undefined), [live, workflowId, ready]);
  const patches = useSyncExternalStore(live.optimistic.subscribe, live.optimistic.get);
  const board = useMemo(() => query.data && withPatches(query.data, patches), [query.data, patches]);
  return { board, error: query.error, loading: query.isPending, retry: query.refetch };
}

export interface BoardShape {
  workflow: Workflow;
  config: BoardConfig;
  /** The whole board, if it is in the cache. */
  board: BoardState | undefined;
}

/** A workflow and its board configuration without fetching the cards; live if the board is in the cache. */
export function useBoardShape(workflowId: string) {
  const live = useLive();
  const board = useQuery({ ...boardQuery(workflowId), enabled: false }).data;
  const ready = board !== undefined;
  useEffect(() => (ready ? live.followBoard(workflowId) : undefined), [live, workflowId, ready]);
  const workflow = useQuery({
    queryKey: queryKeys.workflow(workflowId),
    queryFn: ({ signal }) => workflows.get(workflowId, signal),
    enabled: !ready,
    staleTime: 60_000,
  });
  const { data, error, refetch: retry } = workflow;
  const shape = useMemo((): BoardShape | undefined => {
    if (board) return { workflow: board.workflow, config: board.config, board };
    if (!data?.board_config) return undefined;
    const columns = [...data.board_config.columns].sort((a, b) => a.order - b.order);
    return { workflow: data, config: { ...data.board_config, columns }, board: undefined };
  }, [board, data]);
  return { shape, error, retry };
}

/** Keeps the caches of a workflow up to date without opening its board. */
export function useWatchWorkflow(workflowId: string | undefined): void {
  const live = useLive();
  useEffect(() => (workflowId ? live.watchWorkflow(workflowId) : undefined), [live, workflowId]);
}

/** The same for several workflows. */
export function useWatchWorkflows(workflowIds: readonly string[]): void {
  const live = useLive();
  const ids = workflowIds.join(" ");
  useEffect(() => {
    const stops = ids.split(" ").map((id) => (id ? live.watchWorkflow(id) : () => undefined));
    return () => {
      for (const stop of stops) stop();
    };
  }, [live, ids]);
}

const subscribeToNothing = () => () => undefined;
const getEmptyView = () => EMPTY_VIEW;

/** A job's room and transcript; the job in the cache is kept up to date as well. */
export function useJobRoom(jobId: string): { room: JobRoom | null; view: JobView } {
  const live = useLive();
  const [room, setRoom] = useState<JobRoom | null>(null);
  useEffect(() => {
    const held = live.followJob(jobId);
    setRoom(held.room);
    return () => {
      setRoom(null);
      held.leave();
    };
  }, [live, jobId]);
  const view = useSyncExternalStore(room?.subscribe ?? subscribeToNothing, room?.get ?? getEmptyView);
  return { room, view };
}
