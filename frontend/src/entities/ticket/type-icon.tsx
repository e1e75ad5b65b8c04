import {
  Bug,
  CircleDot,
  FlaskConical,
  Layers,
  ListChecks,
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

const ICONS: Record<string, typeof Bug> = {
  bug: Bug,
  feature: Sparkles,
  improvement: Zap,
  task: ListChecks,
  spike: FlaskConical,
  epic: Layers,
  chore: Wrench,
  finding: ShieldAlert,
  vulnerability: ShieldAlert,
  question: Search,
  research: Search,
};

/** Emoji that are replaced by an icon. */
const EMOJI_ICONS: Record<string, typeof Bug> = {
  "🐛": Bug,
  "🐞": Bug,
  "✨": Sparkles,
  "⚡": Zap,
  "📈": TrendingUp,
  "📋": ListChecks,
  "🔬": FlaskConical,
  "🔧": Wrench,
  "🔒": ShieldAlert,
  "🔍": Search,
};

/** The icon of a ticket type: its emoji, or else the icon for its name or id. */
export function TypeIcon({ type, id, className }: { type: TicketType | undefined; id: string; className?: string }) {
  const name = type?.name ?? id;
  const replacement = EMOJI_ICONS[(type?.icon ?? "").replace("\uFE0F", "")];
  const emoji = !replacement && type?.icon && /\p{Extended_Pictographic}/u.test(type.icon) ? type.icon : null;
  const Icon = replacement ?? ICONS[type?.icon ?? ""] ?? ICONS[id] ?? CircleDot;
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
