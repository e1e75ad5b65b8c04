/** A random id of 128 bits. `crypto.randomUUID` does not exist on pages that are served over plain HTTP. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A duration in milliseconds that varies by a fifth, so that many clients do not repeat at the same moment. */
export function jitter(ms: number): number {
  return ms * (0.8 + 0.4 * Math.random());
}
