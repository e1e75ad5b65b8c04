import type { Lane } from "./lanes";

/** What the age of a lane is measured from. */
export function sinceLabel({ section, job }: Pick<Lane, "section" | "job">): string {
  switch (section) {
    case "running":
      return job ? "heartbeat" : "last change";
    case "waiting":
      return "waiting";
    case "paused":
      return "paused";
    case "silent":
      return "silent";
    case "failed":
      return "failed";
    case "idle":
      return "idle";
    default:
      return "queued";
  }
}

/** "45 s", "12 min", "3 h", "2 d". */
export function formatWait(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3_600) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`;
}
