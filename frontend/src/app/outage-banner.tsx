import { CloudOff } from "lucide-react";
import { retryNow, useOutage } from "@/ui/outage";
import { formatMoment } from "@/ui/time";

/** Says which moment the page shows while it is cut off from the server. */
export function OutageBanner() {
  const outage = useOutage();
  if (!outage) return null;
  return (
    <section
      aria-label="Connection"
      data-testid="outage"
      className="flex min-h-8 shrink-0 items-center gap-2 border-b bg-warning-soft px-4 py-1 text-warning text-xs"
    >
      <CloudOff className="size-3.5 shrink-0" aria-hidden="true" />
      <p className="min-w-0">
        <span className="tabular font-medium">As of {formatMoment(outage.asOf)} – reconnecting…</span>{" "}
        <span className="max-sm:hidden">Nothing can be saved until then; what you type is kept.</span>
      </p>
      <button type="button" onClick={retryNow} className="ml-auto shrink-0 rounded px-1 underline underline-offset-2">
        Retry now
      </button>
    </section>
  );
}
