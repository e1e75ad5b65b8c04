import {
  Bug,
  Check,
  CircleDot,
  Clock,
  Eye,
  FlaskConical,
  GitCommitHorizontal,
  Layers,
  ListChecks,
  Lock,
  MessageSquare,
  Search,
  ShieldAlert,
  Sparkles,
  TrendingUp,
  Wrench,
  Zap,
} from "lucide-react";
import type { TicketType } from "@/api/types";
import { cn } from "@/ui/cn";
import { cssColor } from "@/ui/color";

type Icon = typeof Bug;

/** The icons that can be chosen, by the name that a type holds. */
const CHOICES: ReadonlyArray<[string, string, Icon]> = [
  ["bug", "Bug", Bug],
  ["feature", "Sparkles", Sparkles],
  ["improvement", "Bolt", Zap],
  ["trend", "Trend", TrendingUp],
  ["task", "Checklist", ListChecks],
  ["spike", "Flask", FlaskConical],
  ["epic", "Layers", Layers],
  ["chore", "Wrench", Wrench],
  ["finding", "Shield", ShieldAlert],
  ["question", "Magnifier", Search],
  ["message", "Message", MessageSquare],
  ["commit", "Commit", GitCommitHorizontal],
  ["check", "Check", Check],
  ["clock", "Clock", Clock],
  ["eye", "Eye", Eye],
  ["lock", "Lock", Lock],
  ["dot", "Dot", CircleDot],
];

/** Name and label of each icon that can be chosen. */
export const TYPE_ICONS: ReadonlyArray<[string, string]> = CHOICES.map(([name, label]) => [name, label]);

const ICONS = new Map<string, Icon>([
  ...CHOICES.map(([name, , icon]): [string, Icon] => [name, icon]),
  ["vulnerability", ShieldAlert],
  ["research", Search],
]);

/** Emoji that are replaced by an icon. */
const EMOJI_ICONS: Record<string, string> = {
  "🐛": "bug",
  "🐞": "bug",
  "✨": "feature",
  "⚡": "improvement",
  "📈": "trend",
  "📋": "task",
  "🔬": "spike",
  "🔧": "chore",
  "🔒": "finding",
  "🔍": "question",
};

/** The emoji of a type, unless an icon replaces it. */
export function typeEmoji(icon: string | null | undefined): string | null {
  if (!icon || EMOJI_ICONS[icon.replace("\uFE0F", "")]) return null;
  return /\p{Extended_Pictographic}/u.test(icon) ? icon : null;
}

/** The name of the icon that is shown for a type without an emoji. */
export function typeIconName(icon: string | null | undefined, id: string): string {
  const name = EMOJI_ICONS[(icon ?? "").replace("\uFE0F", "")] ?? icon ?? "";
  const shown = ICONS.get(name) ?? ICONS.get(id) ?? CircleDot;
  return CHOICES.find(([, , each]) => each === shown)?.[0] ?? "dot";
}

/** The icon of a ticket type: its emoji, or else the icon for its name or id. */
export function TypeIcon({ type, id, className }: { type: TicketType | undefined; id: string; className?: string }) {
  const name = type?.name ?? id;
  const emoji = typeEmoji(type?.icon);
  const Icon = ICONS.get(typeIconName(type?.icon, id)) ?? CircleDot;
  return (
    <span role="img" aria-label={name} title={name} className={cn("inline-flex shrink-0 items-center", className)}>
      {emoji ? (
        <span className="text-xs leading-none">{emoji}</span>
      ) : (
        <Icon
          className="size-3.5"
          style={{ color: type?.color ? cssColor(type.color) : undefined }}
          aria-hidden="true"
        />
      )}
    </span>
  );
}
