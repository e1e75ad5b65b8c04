/** The live client, and the hooks through which pages see the board. */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { board as boardApi, workflows } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { BoardConfig, Workflow } from "@/api/types";
import type { LiveClient } from "./client";
import { type BoardState, boardFrom, withPatches } from "./state/board";
import { type JobRoom, type JobView, NO_VIEW } from "./streams/job-room";
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
    // Only the room moves the board forward: a refetch could bring an older one back.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 10 * 60_000,
    structuralSharing: false,
    refetchOnMount: false,
  });

/** The board, kept current by its room; with changes that are under way already drawn. */
export function useBoard(workflowId: string) {
  const live = useLive();
  const query = useQuery(boardQuery(workflowId));
  const ready = query.data !== undefined;
  useEffect(() => (ready ? live.follow(workflowId) : undefined), [live, workflowId, ready]);
  const patches = useSyncExternalStore(live.optimistic.subscribe, live.optimistic.get);
  const board = useMemo(() => query.data && withPatches(query.data, patches), [query.data, patches]);
  return { board, error: query.error, loading: query.isPending, retry: query.refetch };
}

export interface BoardShape {
  workflow: Workflow;
  config: BoardConfig;
  /** The whole board, where it has been opened before. */
  board: BoardState | undefined;
}

/** A workflow and how its board is made, without reading thousands of cards for it; kept current if the board is here. */
export function useBoardShape(workflowId: string): { shape: BoardShape | undefined; error: Error | null } {
  const live = useLive();
  const board = useQuery({ ...boardQuery(workflowId), enabled: false }).data;
  const ready = board !== undefined;
  useEffect(() => (ready ? live.follow(workflowId) : undefined), [live, workflowId, ready]);
  const alone = useQuery({
    queryKey: queryKeys.workflow(workflowId),
    queryFn: ({ signal }) => workflows.get(workflowId, signal),
    enabled: !ready,
    staleTime: 60_000,
  });
  const { data, error } = alone;
  const shape = useMemo((): BoardShape | undefined => {
    if (board) return { workflow: board.workflow, config: board.config, board };
    if (!data?.board_config) return undefined;
    const columns = [...data.board_config.columns].sort((a, b) => a.order - b.order);
    return { workflow: data, config: { ...data.board_config, columns }, board: undefined };
  }, [board, data]);
  return { shape, error };
}

/** Hears what happens in a workflow while the page is open, so that lists beside the board stay true. */
export function useWatch(workflowId: string | undefined): void {
  const live = useLive();
  useEffect(() => (workflowId ? live.watch(workflowId) : undefined), [live, workflowId]);
}

/** The same for many at once, for pages that tell of all of them. */
export function useWatchAll(workflowIds: readonly string[]): void {
  const live = useLive();
  const names = workflowIds.join(" ");
  useEffect(() => {
    const stops = names.split(" ").map((id) => (id ? live.watch(id) : () => undefined));
    return () => {
      for (const stop of stops) stop();
    };
  }, [live, names]);
}

const SILENT = () => () => undefined;
const EMPTY = () => NO_VIEW;

/** A job's room: its transcript, and the job itself kept current in the cache. */
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
  const view = useSyncExternalStore(room?.subscribe ?? SILENT, room?.get ?? EMPTY);
  return { room, view };
}
