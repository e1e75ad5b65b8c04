/** Messages and close codes of the native socket protocol. */
import type { LiveEvent } from "@/api/types";
import type { RoomSnapshot } from "../streams/room";

export type ServerMessage =
  | { type: "connected"; session?: unknown }
  | { type: "authenticated"; expires_at?: string }
  | ({ type: "snapshot" | "resync"; room: string } & RoomSnapshot)
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
  tryAgain: 1013,
} as const;

/** Parses one frame into an event or a message. Null when it is neither: newer servers may send more. */
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
