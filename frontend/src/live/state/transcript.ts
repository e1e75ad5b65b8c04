/** A job's transcript as far as it is here: an unbroken run up to the newest line. Pure. */
import type { Message } from "@/api/types";

export interface Transcript {
  /** By `order`, oldest first. */
  readonly messages: readonly Message[];
  /** There are older ones on the server. */
  readonly hasEarlier: boolean;
}

/** Lines from anywhere, in any order; what is here already is replaced. */
export function withMessages(transcript: Transcript, more: readonly Message[], hasEarlier?: boolean): Transcript {
  const { messages } = transcript;
  const earlier = hasEarlier ?? transcript.hasEarlier;
  if (more.length === 0) return earlier === transcript.hasEarlier ? transcript : { messages, hasEarlier: earlier };
  const last = messages[messages.length - 1];
  // Nearly always new lines follow what is here.
  const follows = more.every((line, i) => line.order > (i === 0 ? (last?.order ?? 0) : (more[i - 1] as Message).order));
  if (follows) return { messages: [...messages, ...more], hasEarlier: earlier };
  const known = new Map(messages.map((line) => [line.message_id, line]));
  for (const line of more) known.set(line.message_id, line);
  return { messages: [...known.values()].sort((a, b) => a.order - b.order), hasEarlier: earlier };
}

export function withoutMessage(transcript: Transcript, id: string): Transcript {
  const messages = transcript.messages.filter((line) => line.message_id !== id);
  return messages.length === transcript.messages.length ? transcript : { ...transcript, messages };
}
