import { useLive, useLiveStatus } from "@/live/context";
import type { LiveStatus } from "@/live/transport/connection";
import { cn } from "@/ui/cn";
import { useOutage } from "@/ui/outage";
import { formatMoment } from "@/ui/time";
import { Tooltip } from "@/ui/tooltip";

const STATUSES: Record<Exclude<LiveStatus, "idle">, { label: string; tip: string; dot: string }> = {
  live: { label: "Live", tip: "Changes appear in real time.", dot: "bg-success" },
  connecting: { label: "Connecting", tip: "Connecting to live updates.", dot: "bg-muted-foreground animate-pulse" },
  reconnecting: {
    label: "Reconnecting",
    tip: "The connection was lost. Missed changes load once it is back.",
    dot: "bg-warning",
  },
  polling: {
    label: "Polling",
    tip: "Live updates are unavailable. Checking for changes every few seconds.",
    dot: "bg-warning",
  },
  offline: { label: "Offline", tip: "The server cannot be reached. This page may be out of date.", dot: "bg-danger" },
};

export function ConnectionStatus() {
  const status = useLiveStatus();
  const outage = useOutage();
  const wholeBefore = useLive().connection.wholeAt !== null;
  if (status === "idle") return null;
  const lost = status === "reconnecting" || status === "offline";
  // A short interruption is not shown at all.
  const { tip, dot, ...known } = STATUSES[lost && !outage ? (wholeBefore ? "live" : "connecting") : status];
  const label = lost && outage ? `As of ${formatMoment(outage.asOf)}` : known.label;
  return (
    <Tooltip label={tip}>
      <button
        type="button"
        data-testid="live-status"
        data-status={status}
        aria-label={`Connection: ${label}. ${tip}`}
        className="flex h-7 cursor-default items-center gap-1.5 rounded-md px-2 text-muted-foreground text-xs"
      >
        <span className={cn("size-2 rounded-full", dot)} />
        <span className="tabular hidden sm:inline">{label}</span>
      </button>
    </Tooltip>
  );
}
