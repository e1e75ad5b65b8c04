/** Cards recently changed by others, which are highlighted for a moment. */
const HIGHLIGHT_MS = 1_600;
const changes = new Map<string, number>();

export function markChanged(ticketId: string): void {
  const now = Date.now();
  changes.set(ticketId, now);
  if (changes.size < 200) return;
  for (const [id, at] of changes) if (now - at > HIGHLIGHT_MS) changes.delete(id);
}

export function isRecentlyChanged(ticketId: string): boolean {
  const at = changes.get(ticketId);
  return at !== undefined && Date.now() - at < HIGHLIGHT_MS;
}
