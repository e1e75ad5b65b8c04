/** Connects the watch for outages with what shows them: queries that wait, parts of the page, and announcements. */
import { onlineManager, type QueryClient } from "@tanstack/react-query";
import { auth, Problem } from "@/api";
import type { LiveClient } from "@/live/client";
import { OutageWatch } from "@/live/outage";
import { announce } from "@/ui/announcer";
import { onOutage, retryWith, showOutage } from "@/ui/outage";
import { formatMoment } from "@/ui/time";

/** Watches until the returned function is called. */
export function watchOutages({ connection }: LiveClient, queries: QueryClient): () => void {
  const watch = new OutageWatch({
    status: connection.get,
    onStatus: connection.subscribe,
    wholeAt: () => connection.wholeAt,
    probe: () =>
      auth.options().then(
        () => true,
        (error) => !(error instanceof Problem && error.temporary),
      ),
  });
  const stop = watch.start();
  const unsubscribe = watch.subscribe(() => {
    const outage = watch.get();
    showOutage(outage);
    announce(
      outage ? `Connection lost. The page shows the state of ${formatMoment(outage.asOf)}.` : "Connected again.",
    );
  });
  // Queries wait during an outage and go on after it, instead of failing. Without a network, the server may still be there.
  onlineManager.setEventListener((setOnline) => onOutage(() => setOnline(watch.get() === null)));
  retryWith(() => {
    connection.resume();
    watch.suspect();
  });
  const stopQueries = queries.getQueryCache().subscribe((event) => {
    if (event.type !== "updated" || event.action.type !== "failed") return;
    const { error } = event.action;
    if (!(error instanceof Problem && error.temporary)) return;
    // The socket may be dead as well.
    if (connection.get() === "live") connection.resume();
    watch.suspect();
  });
  return () => {
    stopQueries();
    unsubscribe();
    stop();
  };
}
