/** The sections of Home: their order, their words, and what is left of them. */
import { CircleCheck, CircleUserRound, CircleX, Clock, Hourglass, type LucideIcon, MessageSquare } from "lucide-react";
import type { Home, HomeCounts, HomeItem, HomeSectionName, User } from "@/api/types";

interface SectionText {
  title: string;
  /** Shorter, beside the other counts. */
  label?: string;
  icon: LucideIcon;
  /** Colour of the icon and of a count above zero. */
  tone: string;
}

export const SECTIONS: Record<HomeSectionName, SectionText> = {
  waiting: { title: "Waiting for you", icon: CircleUserRound, tone: "text-warning" },
  failed: { title: "Failed", icon: CircleX, tone: "text-danger" },
  stuck: { title: "Stuck or silent", icon: Hourglass, tone: "text-warning" },
  mentions: { title: "Mentions", icon: MessageSquare, tone: "text-accent-foreground" },
  finished: { title: "Finished", icon: CircleCheck, tone: "text-success" },
  expired: { title: "Expired questions", label: "Expired", icon: Clock, tone: "text-muted-foreground" },
};

export const SECTION_NAMES = Object.keys(SECTIONS) as HomeSectionName[];
/** What the title and the icon of the tab count: everything that needs the user. */
const NEEDS_USER: readonly HomeSectionName[] = ["waiting", "failed", "stuck", "mentions"];
/** The server counts a section to this number in each workflow. */
const MAX_COUNT = 100;

export interface HomeSection {
  name: HomeSectionName;
  items: readonly HomeItem[];
  /** Including the items that are not listed. */
  count: number;
}

/** The sections of all workflows or of one, without hidden items. */
export function sectionsOf(home: Home, workflowId: string | undefined, hidden: ReadonlySet<string>): HomeSection[] {
  const counts = workflowId
    ? home.workflows.find(({ workflow_id }) => workflow_id === workflowId)?.counts
    : home.counts;
  return SECTION_NAMES.map((name) => {
    const listed = home[name];
    const items = listed.filter(({ id }) => !hidden.has(id));
    const count = Math.max(items.length, (counts?.[name] ?? 0) - (listed.length - items.length));
    return { name, items, count };
  });
}

export function countOfAttention(counts: HomeCounts): number {
  return NEEDS_USER.reduce((sum, name) => sum + counts[name], 0);
}

/** "7", or "100+" where the server stops counting. */
export function formatCount(count: number): string {
  return count >= MAX_COUNT ? `${MAX_COUNT}+` : String(count);
}

/** What an item says below its title. */
export function describe(item: HomeItem, me: Pick<User, "id" | "name"> | null): string {
  switch (item.kind) {
    case "stuck":
      return item.actor_name ? `${item.actor_name} has not changed it for long` : "It has not changed for long";
    case "blocked":
      return "Blocked for long";
    case "question":
    case "review":
    case "clarification":
      if (!item.actor_name) return "";
      return item.approval?.status === "expired" ? `${item.actor_name} asked` : `${item.actor_name} asks`;
    case "mention": {
      const text = me ? (item.text ?? "").replaceAll(`@${me.id}`, `@${me.name}`) : (item.text ?? "");
      return item.actor_name ? `${item.actor_name}: ${text}` : text;
    }
    case "ticket":
      return item.actor_name ?? "";
    case "job":
      return item.text ?? item.actor_name ?? "";
    default:
      return item.text ?? "";
  }
}

/** The title of an item; findings about agents and job types have only a sentence. */
export function titleOf(item: HomeItem): string {
  return item.title ?? item.text ?? "Untitled";
}

/** Whether an item is decided by yes or no. */
export function isYesNo(item: HomeItem): boolean {
  const { approval } = item;
  return (
    approval !== null && (approval.kind === "review" || (approval.kind === "question" && approval.options.length === 0))
  );
}
