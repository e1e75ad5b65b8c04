/** Exponential backoff with jitter, so that clients do not all reconnect at the same moment. */
export function backoff(attempt: number, random: () => number = Math.random, base = 500, max = 20_000): number {
  const ceiling = Math.min(max, base * 2 ** Math.min(attempt, 10));
  return ceiling / 2 + (ceiling / 2) * random();
}
