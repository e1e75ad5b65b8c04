/** Sends the messages of a job in batches and in order. */

import { CallboardError } from "../errors.js";
import type { Schemas } from "../types.js";

/** Messages of one request, as the server allows. */
const MAX_BATCH = 100;
/** Messages that wait to be sent, beyond which further ones are refused. */
const MAX_WAITING = 1_000;
/** Bytes of one message, as the server allows. */
const MAX_BYTES = 65_536;
/** Bytes of one request, as JSON. The server allows two MiB. */
const MAX_BATCH_BYTES = 1_024 * 1_024;

type Message = Schemas["NewMessage"];

interface Waiting {
  message: Message;
  bytes: number;
  resolve(): void;
  reject(error: unknown): void;
}

export class Transcript {
  private waiting: Waiting[] = [];
  private sending: Promise<void> | undefined;

  constructor(private readonly post: (messages: Message[]) => Promise<unknown>) {}

  /** Adds a message; resolves when the server has stored it. */
  add(message: Message): Promise<void> {
    if (message.content === "") return Promise.resolve();
    if (this.waiting.length >= MAX_WAITING) {
      return Promise.reject(new CallboardError(`${MAX_WAITING} messages wait to be sent; await them.`));
    }
    const content = cut(message.content);
    const bytes = bytesOf(JSON.stringify({ ...message, content })).length;
    const stored = new Promise<void>((resolve, reject) => {
      this.waiting.push({ message: { ...message, content }, bytes, resolve, reject });
    });
    this.sending ??= this.send().finally(() => {
      this.sending = undefined;
    });
    return stored;
  }

  /** Waits until all messages are stored or were refused. */
  async flush(): Promise<void> {
    while (this.sending) await this.sending;
  }

  private async send(): Promise<void> {
    // Lines of the same moment go into one request.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, this.batchSize());
      try {
        await this.post(batch.map(({ message }) => message));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
  }

  private batchSize(): number {
    let sum = 0;
    const end = this.waiting.findIndex(({ bytes }, index) => {
      sum += bytes;
      return index > 0 && sum > MAX_BATCH_BYTES;
    });
    return Math.min(end < 0 ? this.waiting.length : end, MAX_BATCH);
  }
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Cuts a long text, not inside of a character. */
function cut(text: string): string {
  if (text.length * 3 <= MAX_BYTES) return text;
  const bytes = bytesOf(text);
  if (bytes.length <= MAX_BYTES) return text;
  // A character that is not complete is left out. The ellipsis has three bytes.
  return `${new TextDecoder().decode(bytes.subarray(0, MAX_BYTES - 3), { stream: true })}…`;
}
