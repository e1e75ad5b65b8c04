/** The loaded part of a job's transcript: a contiguous range that ends with the newest message. Pure. */
import type { Message } from "@/api/types";

export interface Transcript {
  /** Sorted by `order`, oldest first. */
  readonly messages: readonly Message[];
  /** The server has older messages. */
  readonly hasEarlier: boolean;
}

/** Merges messages in any order; one with a known id replaces the old one. */
export function withMessages(transcript: Transcript, more: readonly Message[], hasEarlier?: boolean): Transcript {
  const { messages } = transcript;
  const earlier = hasEarlier ?? transcript.hasEarlier;
  if (more.length === 0) return earlier === transcript.hasEarlier ? transcript : { messages, hasEarlier: earlier };
  const last = messages[messages.length - 1];
  // The common case: all new messages follow the loaded ones.
  const follows = more.every(
    (message, i) => message.order > (i === 0 ? (last?.order ?? 0) : (more[i - 1] as Message).order),
  );
  if (follows) return { messages: [...messages, ...more], hasEarlier: earlier };
  const known = new Map(messages.map((message) => [message.message_id, message]));
  for (const message of more) known.set(message.message_id, message);
  return { messages: [...known.values()].sort((a, b) => a.order - b.order), hasEarlier: earlier };
}

export function withoutMessage(transcript: Transcript, id: string): Transcript {
  const messages = transcript.messages.filter((message) => message.message_id !== id);
  return messages.length === transcript.messages.length ? transcript : { ...transcript, messages };
}
