/** Labels of search modes, matches and result counts. */

import type { SearchMode, SearchResponse } from "@/api/types";
import { LOCALE } from "@/ui/locale";

export const MODE_LABELS: Record<SearchMode, string> = {
  hybrid: "Hybrid",
  semantic: "Semantic",
  keyword: "Keyword",
};

export const MODE_HINTS: Record<SearchMode, string> = {
  hybrid: "Match by keyword and by meaning.",
  semantic: "Match by meaning, whatever the words.",
  keyword: "Match tickets that contain the words.",
};

const MATCHED_LABELS: Record<string, string> = {
  title: "title",
  tags: "tags",
  description: "description",
  comments: "comments",
  key: "key",
  meaning: "meaning",
};

/** The matched fields, best first: "in title, comments". */
export function matchedIn(parts: readonly string[]): string {
  if (parts.length === 0) return "weak match";
  return `in ${parts.map((part) => MATCHED_LABELS[part] ?? part).join(", ")}`;
}

/** "312 tickets", "about 4,000 tickets". */
export function resultCount({
  total_found,
  total_is_exact,
}: Pick<SearchResponse, "total_found" | "total_is_exact">): string {
  if (total_found === 0) return "No tickets";
  const about = total_is_exact ? "" : "about ";
  return `${about}${total_found.toLocaleString(LOCALE)} ticket${total_found === 1 ? "" : "s"}`;
}

/** Why the search was degraded; null when it ran as requested. */
export function degradedReason(answer: SearchResponse, asked: SearchMode): string | null {
  if (answer.notice) return answer.notice;
  if (answer.mode !== asked && asked !== "keyword" && answer.mode === "keyword") {
    return "Semantic search is unavailable. Showing keyword matches only.";
  }
  return null;
}

/** Whether recent changes have no embeddings yet. */
export function isIndexing({ mode, stale_embeddings }: SearchResponse): boolean {
  return mode !== "keyword" && stale_embeddings;
}
