/** Detects when a page becomes visible again, or when the network changes. */

/** Browsers may freeze a tab that has been hidden for this long, and its socket with it. */
const SUSPENDED_AFTER_MS = 30_000;
const WINDOW_EVENTS = ["online", "offline", "pageshow"] as const;

/** `suspended` means that the page was hidden long enough to have been frozen, so events may have been missed. */
export function onPageResume(listener: (suspended: boolean) => void): () => void {
  let hiddenAt: number | null = null;
  const check = () => {
    if (document.visibilityState !== "visible") {
      hiddenAt ??= Date.now();
      return;
    }
    const suspended = hiddenAt !== null && Date.now() - hiddenAt > SUSPENDED_AFTER_MS;
    hiddenAt = null;
    listener(suspended);
  };
  document.addEventListener("visibilitychange", check);
  for (const name of WINDOW_EVENTS) window.addEventListener(name, check);
  return () => {
    document.removeEventListener("visibilitychange", check);
    for (const name of WINDOW_EVENTS) window.removeEventListener(name, check);
  };
}
