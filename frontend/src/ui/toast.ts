/**
 * Short messages at the edge of the page. What shows them is loaded after the first page; messages wait for it in order.
 */
import type { ExternalToast } from "sonner";

type Title = string;
type Sonner = typeof import("sonner")["toast"];
type Kind = "message" | "success" | "error" | "warning";

let shown: Sonner | null = null;
const waiting: Array<(toast: Sonner) => void> = [];
const listeners = new Set<() => void>();

function show(call: (toast: Sonner) => void): void {
  if (shown) {
    call(shown);
    return;
  }
  waiting.push(call);
  for (const listener of listeners) listener();
}

const showAs = (kind: Kind) => (title: Title, options?: ExternalToast) => show((toast) => toast[kind](title, options));

export const toast = Object.assign(showAs("message"), {
  success: showAs("success"),
  error: showAs("error"),
  warning: showAs("warning"),
  dismiss: (id: string) => show((toast) => toast.dismiss(id)),
});

/** For the component that shows the messages, once it does. */
export function showToastsWith(toast: Sonner): void {
  shown = toast;
  for (const call of waiting.splice(0)) call(toast);
}

/** Tells when a message waits. */
export function onWaitingToast(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
