/** A name that nothing else has. `crypto.randomUUID` is missing on pages that came without encryption. */
export function freshName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
