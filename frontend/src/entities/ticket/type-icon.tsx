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

/** Pictures for which there is a drawing in the dashboard's own hand. */
const DRAWN: Record<string, typeof Bug> = {
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

/** The type's own icon when it is a picture, else the one its name suggests. */
export function TypeIcon({ type, id, className }: { type: TicketType | undefined; id: string; className?: string }) {
  const name = type?.name ?? id;
  const drawn = DRAWN[(type?.icon ?? "").replace("\uFE0F", "")];
  const picture = !drawn && type?.icon && /\p{Extended_Pictographic}/u.test(type.icon) ? type.icon : null;
  const Icon = drawn ?? ICONS[type?.icon ?? ""] ?? ICONS[id] ?? CircleDot;
  return (
    <span role="img" aria-label={name} title={name} className={cn("inline-flex shrink-0 items-center", className)}>
      {picture ? (
        <span className="text-xs leading-none">{picture}</span>
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
