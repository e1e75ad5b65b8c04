import { useInboxCount } from "@/features/approvals/use-inbox-count";
import { cn } from "@/ui/cn";

export function useInboxLabel(): { count: number; label: string } {
  const count = useInboxCount();
  return { count, label: count > 0 ? `Inbox, ${count} pending` : "Inbox" };
}

/** The number of what waits for the user; at an icon alone, it lies on its corner. */
export function InboxBadge({ count, collapsed }: { count: number; collapsed: boolean }) {
  if (count === 0) return null;
  return (
    <span
      data-testid="approvals-count"
      className={cn(
        "tabular rounded-full bg-warning px-1.5 font-semibold text-2xs text-background",
        collapsed && "absolute -top-0.5 -right-1 px-1 leading-3.5",
      )}
    >
      {count > 99 ? "99+" : count}
    </span>
  );
}
