import type { LiveStatus } from "@/live/connection";
import { useLiveStatus } from "@/live/context";
import { cn } from "@/ui/cn";
import { Tip } from "@/ui/tooltip";

const STATUSES: Record<Exclude<LiveStatus, "idle">, { label: string; tip: string; dot: string }> = {
  live: { label: "Live", tip: "Changes by anyone appear here at once.", dot: "bg-success" },
  connecting: { label: "Connecting", tip: "Opening the live connection.", dot: "bg-muted-foreground animate-pulse" },
  reconnecting: {
    label: "Reconnecting",
    tip: "The connection broke. What you missed will be filled in.",
    dot: "bg-warning animate-pulse",
  },
  polling: {
    label: "Polling",
    tip: "No live connection; asking the server for changes every few seconds instead.",
    dot: "bg-warning",
  },
  offline: { label: "Offline", tip: "The server cannot be reached. The board may be out of date.", dot: "bg-danger" },
};

export function ConnectionStatus() {
  const status = useLiveStatus();
  if (status === "idle") return null;
  const { label, tip, dot } = STATUSES[status];
  return (
    <Tip label={tip}>
      <button
        type="button"
        data-testid="live-status"
        data-status={status}
        aria-label={`Connection: ${label}. ${tip}`}
        className="flex h-7 cursor-default items-center gap-1.5 rounded-md px-2 text-muted-foreground text-xs"
      >
        <span className={cn("size-2 rounded-full", dot)} />
        <span className="hidden sm:inline">{label}</span>
      </button>
    </Tip>
  );
}
