/** The browser's signs that a tab is looked at again, or that the network has changed. */

/** Browsers may freeze a tab that is out of sight for so long, and its socket with it. */
const LONG_SLEEP_MS = 30_000;
const SIGNS = ["online", "offline", "pageshow"] as const;

/** `long` says that events may have been missed in ways nobody noticed. */
export function onWaking(wake: (long: boolean) => void): () => void {
  let hiddenAt: number | null = null;
  const notice = () => {
    if (document.visibilityState !== "visible") {
      hiddenAt ??= Date.now();
      return;
    }
    const long = hiddenAt !== null && Date.now() - hiddenAt > LONG_SLEEP_MS;
    hiddenAt = null;
    wake(long);
  };
  document.addEventListener("visibilitychange", notice);
  for (const sign of SIGNS) window.addEventListener(sign, notice);
  return () => {
    document.removeEventListener("visibilitychange", notice);
    for (const sign of SIGNS) window.removeEventListener(sign, notice);
  };
}
