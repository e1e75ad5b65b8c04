/** The order of boards in the sidebar, kept in this browser: pinned ones first, then the newest used. */
import { type Stored, stored } from "@/ui/stored";

export interface BoardUse {
  pinned: readonly string[];
  /** The newest used first. */
  used: readonly string[];
}

const MAX_REMEMBERED = 100;

export const boardUse: Stored<BoardUse> = stored<BoardUse>("callboard.boards", (value) => {
  const { pinned, used } = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  return { pinned: ids(pinned), used: ids(used) };
});

function ids(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((id) => typeof id === "string").slice(0, MAX_REMEMBERED) : [];
}

export function recordUse(id: string): void {
  const use = boardUse.get();
  if (use.used[0] === id) return;
  boardUse.set({ ...use, used: [id, ...use.used.filter((other) => other !== id)].slice(0, MAX_REMEMBERED) });
}

export function togglePin(id: string): void {
  const use = boardUse.get();
  const pinned = use.pinned.includes(id) ? use.pinned.filter((other) => other !== id) : [...use.pinned, id];
  boardUse.set({ ...use, pinned: pinned.slice(-MAX_REMEMBERED) });
}

interface Listed {
  id: string;
  name: string;
  created_at: string;
  updated_at?: string;
}

/** Pinned boards by name, then used ones, then the others with the newest change first. */
export function sortBoards<Board extends Listed>(boards: readonly Board[], { pinned, used }: BoardUse): Board[] {
  const pins = new Set(pinned);
  const rank = new Map(used.map((id, index) => [id, index]));
  const changed = ({ updated_at, created_at }: Listed) => updated_at ?? created_at;
  return boards.toSorted((a, b) => {
    const byPin = Number(pins.has(b.id)) - Number(pins.has(a.id));
    if (byPin !== 0) return byPin;
    if (pins.has(a.id)) return a.name.localeCompare(b.name);
    const byUse = (rank.get(a.id) ?? MAX_REMEMBERED) - (rank.get(b.id) ?? MAX_REMEMBERED);
    return byUse || (changed(a) < changed(b) ? 1 : -1);
  });
}
