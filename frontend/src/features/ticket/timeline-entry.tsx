import { GitPullRequest } from "lucide-react";
import type { ReactNode } from "react";
import type { HistoryEntry } from "@/api/types";
import { safeUrl } from "@/ui/markdown";
import { describeChange, type Names } from "./history-text";

/** Text of a timeline row, after the actor's name. Progress and activity reported by programs show a label. */
export function TimelineEntry({ entry, names }: { entry: HistoryEntry; names: Names }) {
  const { change_type, change_description: description } = entry;
  const value = typeof entry.new_value === "string" ? entry.new_value : "";
  switch (change_type) {
    case "pr_created":
      return (
        <>
          opened the pull request <PullRequestLink url={value} />
        </>
      );
    case "ticket_progress":
      return (
        <>
          <Label>{value || "progress"}</Label> {description !== value && description}
        </>
      );
    case "activity":
      return (
        <>
          {value && <Label>{value}</Label>} {description}
        </>
      );
    case "ticket_state":
      return (
        <>
          reported the state <Label>{value}</Label> {description}
        </>
      );
    default:
      return describeChange(entry, names);
  }
}

function Label({ children }: { children: ReactNode }) {
  return <span className="rounded bg-muted px-1.5 py-px font-medium text-2xs">{children}</span>;
}

/** A URL without scheme, "www." and trailing slash. */
export function shortUrl(url: string): string {
  return url.replace(/^https?:\/\/(www\.)?/, "").replace(/\/$/, "");
}

function PullRequestLink({ url }: { url: string }) {
  const href = safeUrl(url);
  if (!href) return <>{url}</>;
  return (
    <a
      href={href}
      target="_blank"
      rel="noreferrer noopener nofollow"
      className="font-medium text-accent-foreground hover:underline"
    >
      {shortUrl(href)}
    </a>
  );
}

/** Pull requests in a ticket's history. */
export function PullRequests({ history }: { history: readonly HistoryEntry[] }) {
  const urls = new Set(
    history.flatMap(({ change_type, new_value }) =>
      change_type === "pr_created" && typeof new_value === "string" ? [new_value] : [],
    ),
  );
  if (urls.size === 0) return null;
  return (
    <ul aria-label="Pull requests" className="grid gap-1">
      {[...urls].map((url) => (
        <li key={url} className="flex min-w-0 items-center gap-1.5 text-xs [overflow-wrap:anywhere]">
          <GitPullRequest className="size-3.5 shrink-0 text-success" aria-hidden="true" />
          <PullRequestLink url={url} />
        </li>
      ))}
    </ul>
  );
}
