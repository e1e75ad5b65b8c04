/** What the parts of an answer are called. */
import type { SearchAnswer, SearchMode } from "@/api/types";

export const MODE_LABELS: Record<SearchMode, string> = { hybrid: "Best", semantic: "Meaning", keyword: "Words" };

export const MODE_HINTS: Record<SearchMode, string> = {
  hybrid: "Tickets that say it, and tickets that mean it.",
  semantic: "Tickets that mean it, in whatever words.",
  keyword: "Tickets that contain these words.",
};

const MATCHED_LABELS: Record<string, string> = {
  title: "title",
  tags: "tags",
  description: "description",
  comments: "comments",
  key: "key",
  meaning: "meaning",
};

/** Where it matched, best first: "in title, comments". */
export function matchedIn(parts: readonly string[]): string {
  if (parts.length === 0) return "weak match";
  return `in ${parts.map((part) => MATCHED_LABELS[part] ?? part).join(", ")}`;
}

/** "312 tickets", "about 4,000 tickets". */
export function resultCount({ total_found, total_is_exact }: SearchAnswer): string {
  if (total_found === 0) return "No tickets";
  const about = total_is_exact ? "" : "about ";
  return `${about}${total_found.toLocaleString()} ticket${total_found === 1 ? "" : "s"}`;
}

/** Why the answer is less than what was asked for; null when it is all there. */
export function degradedReason(answer: SearchAnswer, asked: SearchMode): string | null {
  if (answer.notice) return answer.notice;
  if (answer.mode !== asked && asked !== "keyword" && answer.mode === "keyword") {
    return "Only words were searched: meaning is not available right now.";
  }
  return null;
}

/** Whether the newest changes are not known by their meaning yet. Comes and goes, and is only a remark. */
export function isIndexing({ mode, stale_embeddings }: SearchAnswer): boolean {
  return mode !== "keyword" && stale_embeddings;
}
