/** The board of a past moment, the events around it, and what changed since or before. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { board as boardApi, isNotFound, Problem } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { BoardChanges, LiveEvent } from "@/api/types";
import { type BoardState, boardFrom } from "@/live/state/board";
import { formatMoment, justBefore } from "./moments";

/** The past does not change, and a moment is often visited again while somebody looks around in it. */
const KEPT_MS = 5 * 60_000;
const MAX_TRIES = 12;

export function usePastBoard(workflowId: string, at: string) {
  return useQuery({
    queryKey: queryKeys.pastBoard(workflowId, at),
    queryFn: async ({ signal }): Promise<BoardState> => boardFrom(await boardApi.at(workflowId, at, signal)),
    placeholderData: keepPreviousData,
    structuralSharing: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: KEPT_MS,
  });
}

export interface Around {
  /** The last event that the board contains. */
  last: LiveEvent | undefined;
  /** The event after it. */
  next: LiveEvent | undefined;
}

/** The events before and after a board of the past. */
export function useEventsAround(workflowId: string, board: BoardState | undefined): Around | undefined {
  const { epoch = "", seq = 0 } = board ?? {};
  return useQuery({
    queryKey: queryKeys.boardEvent(workflowId, epoch, seq),
    queryFn: async (): Promise<Around> => {
      const { events } = await boardApi.events(workflowId, Math.max(0, seq - 1), epoch, 2);
      return { last: events.find((event) => event.seq === seq), next: events.find((event) => event.seq > seq) };
    },
    enabled: board !== undefined,
    staleTime: 30_000,
    gcTime: KEPT_MS,
    placeholderData: keepPreviousData,
  }).data;
}

export function useBoardChanges(workflowId: string, from: string, to: string | undefined, enabled: boolean) {
  return useQuery({
    queryKey: queryKeys.boardChanges(workflowId, from, to),
    queryFn: ({ signal }): Promise<BoardChanges> => boardApi.changes(workflowId, from, to, signal),
    enabled,
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    // What changed until now is read again when it is shown again.
    gcTime: to === undefined ? 0 : KEPT_MS,
  });
}

/** The moment before the last event of a board, and with it before the transaction that it is part of. */
export function momentBefore({ last }: Around): string | null {
  return last ? justBefore(last.timestamp) : null;
}

/**
 * The first moment after a board at which it is another one. Usually that is the time of the next event, but the events
 * of a transaction count together from its last one on.
 */
export async function momentAfter(workflowId: string, { epoch, seq }: BoardState): Promise<string | null> {
  const { events } = await boardApi.events(workflowId, seq, epoch, 500);
  const times = [...new Set(events.map(({ timestamp }) => timestamp))];
  for (let at = 0, tries = 0; at < times.length && tries < MAX_TRIES; tries += 1) {
    const time = times[at] as string;
    const { to } = await boardApi.changes(workflowId, time, time);
    if (to.seq > seq) return time;
    at += at < 3 ? 1 : at;
  }
  return times.at(-1) ?? null;
}

export interface PastProblem {
  title: string;
  text: string;
  /** The earliest moment that can be shown, if the asked one is before it. */
  first?: string;
}

/** Why a board of the past cannot be shown, and what to do. */
export function explainPast(error: unknown): PastProblem {
  if (!(error instanceof Problem) || error.status === 0) {
    return {
      title: "Cannot reach the server",
      text: "The board of this moment has not been loaded. It loads once the connection is back.",
    };
  }
  if (isNotFound(error)) {
    return { title: "Workflow not found", text: "It does not exist, or you do not have access to it." };
  }
  const rule = error.fields.find(({ field }) => field === "at" || field === "from")?.message ?? "";
  const first = /\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)/.exec(rule)?.[0];
  if (rule.includes("created at") && first) {
    return {
      title: "There was no board yet",
      text: `This workflow was created on ${formatMoment(first)}.`,
      first,
    };
  }
  if (rule.includes("kept history") && first) {
    return {
      title: "This board is no longer kept",
      text: `The history of this workflow is kept since ${formatMoment(first)}. Earlier boards cannot be shown.`,
      first,
    };
  }
  if (rule.includes("future")) {
    return { title: "This moment has not come yet", text: "Choose a date and time in the past." };
  }
  return { title: "Could not load the board", text: error.message };
}
