/** The words of the native socket protocol. */
import type { BoardSnapshot, Job, LiveEvent } from "@/api/types";

/** Where a room stands; a workflow's room also says how its board looks there, a job's how the job does. */
export interface SnapshotMessage {
  type: "snapshot" | "resync";
  room: string;
  epoch: string;
  seq: number;
  board?: BoardSnapshot;
  job?: Job;
}

export type ServerMessage =
  | { type: "connected"; session?: unknown }
  | { type: "authenticated"; expires_at?: string }
  | SnapshotMessage
  | { type: "subscribed"; room: string; epoch: string; seq: number }
  | { type: "unsubscribed"; room: string; reason?: string }
  | { type: "reauthenticate"; expires_in?: number }
  | { type: "error"; code?: string; detail?: string; room?: string }
  | { type: "pong" };

export type ClientMessage =
  | { type: "auth"; token: string }
  | { type: "subscribe"; room: string; since?: { epoch: string; seq: number } }
  | { type: "unsubscribe"; room: string }
  | { type: "ping" };

export const CLOSE = {
  unauthenticated: 4001,
  forbidden: 4003,
  tooSlow: 4008,
  protocol: 4009,
  restarting: 1012,
} as const;

/** An event, a message about the connection, or neither: what is not known is passed over, as newer servers may say more. */
export function parse(text: unknown): { event: LiveEvent } | { message: ServerMessage } | null {
  if (typeof text !== "string") return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const object = value as Record<string, unknown>;
  if (typeof object.type !== "string") return null;
  if (typeof object.seq === "number" && typeof object.stream === "string") {
    const event = value as LiveEvent;
    return { event: { ...event, data: event.data ?? {} } };
  }
  return { message: value as ServerMessage };
}

/** Waits grow and scatter, so that a server that comes back is not met by everyone at once. */
export function backoff(attempt: number, random: () => number = Math.random, base = 500, most = 20_000): number {
  const ceiling = Math.min(most, base * 2 ** Math.min(attempt, 10));
  return ceiling / 2 + (ceiling / 2) * random();
}
