import { cn } from "@/ui/cn";

const HUES = [265, 300, 340, 20, 45, 95, 150, 185, 215, 240];

/** The hue of an actor's avatar, derived from the id so that it is the same everywhere. */
export function hueOf(text: string): number {
  let hash = 0;
  for (const char of text) hash = (hash * 31 + char.charCodeAt(0)) >>> 0;
  return HUES[hash % HUES.length] ?? 265;
}

export function initials(name: string): string {
  const words = name
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim()
    .split(" ");
  const first = words[0]?.[0] ?? "?";
  const last = words.length > 1 ? (words[words.length - 1]?.[0] ?? "") : (words[0]?.[1] ?? "");
  return (first + last).toUpperCase();
}

interface Props {
  id: string;
  name: string;
  agent?: boolean;
  size?: "sm" | "md";
}

/** Initials on a colored shape: round for people, square for agents. */
export function Avatar({ id, name, agent, size = "sm" }: Props) {
  const hue = hueOf(id);
  return (
    <span
      aria-hidden="true"
      style={{ backgroundColor: `oklch(0.52 0.13 ${hue})` }}
      className={cn(
        "inline-flex shrink-0 items-center justify-center font-semibold text-white",
        agent ? "rounded-[5px]" : "rounded-full",
        size === "sm" ? "size-5 text-[9px]" : "size-7 text-[11px]",
      )}
    >
      {initials(name)}
    </span>
  );
}
