/**
 * Loads a part of the dashboard that the first page does not need. A part that cannot be fetched is tried again until the
 * connection is back. If the server has been upgraded meanwhile, its old parts are gone, so the page is loaded again: its
 * URL holds what is shown, and drafts what was typed. Other text that somebody has typed is never thrown away for that.
 */
import { useEffect, useState } from "react";
import { areDraftsStored } from "./drafts";
import { toast } from "./toast";

const PAUSES_MS = [500, 1_000, 2_000, 5_000, 10_000];
/** With a server that answers. */
const MAX_TRIES = 40;
const TRIES_BEFORE_RELOAD = 4;
const NOTICE = "part-not-loaded";
const RELOADED = "callboard.reloaded-for";

interface Surroundings {
  /** The newest version of the page; null if it cannot be fetched. */
  newestVersion: () => Promise<string | null>;
  version: () => string;
  hasUnsavedText: () => boolean;
  reload: () => void;
  /** Resolves after the time, or earlier when the connection is back. */
  pause: (milliseconds: number) => Promise<void>;
}

export async function loadPart<Part>(load: () => Promise<Part>, around: Surroundings = browser): Promise<Part> {
  let noticed = false;
  // Attempts while the server answers: an outage may last as long as it wants.
  let answered = 0;
  for (let tries = 0; ; tries += 1) {
    try {
      const part = await load();
      if (noticed) toast.dismiss(NOTICE);
      return part;
    } catch (error) {
      const newest = await around.newestVersion();
      if (newest !== null) answered += 1;
      // Some browsers remember that the part could not be fetched, and never try again before a reload.
      const isGone = newest !== null && (newest !== around.version() || answered >= TRIES_BEFORE_RELOAD);
      if (isGone && shouldReload(newest, around)) {
        around.reload();
        // The page is about to go.
        return new Promise(() => undefined);
      }
      if (answered >= MAX_TRIES) throw error;
      if (tries === 1) {
        noticed = true;
        toast.error("A part of the page could not be loaded", {
          id: NOTICE,
          description: "It is tried again until the connection is back.",
          duration: Number.POSITIVE_INFINITY,
        });
      }
      await around.pause(PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)] as number);
    }
  }
}

function shouldReload(newest: string, around: Surroundings): boolean {
  if (around.hasUnsavedText()) {
    toast.warning(newest === around.version() ? "A part of the page is missing" : "Callboard has been updated", {
      id: NOTICE,
      description: "Save or copy what you have typed, then load the page again.",
      duration: Number.POSITIVE_INFINITY,
      action: { label: "Load again", onClick: around.reload },
    });
    return false;
  }
  // Once for each version: a part that is missing in the newest one as well must not reload the page for ever.
  try {
    if (sessionStorage.getItem(RELOADED) === newest) return false;
    sessionStorage.setItem(RELOADED, newest);
  } catch {
    return false;
  }
  return true;
}

/** The name of the page's main script, which has a hash of its content. */
function mainScript(page: ParentNode): string {
  return page.querySelector<HTMLScriptElement>('script[type="module"][src]')?.getAttribute("src") ?? "";
}

const browser: Surroundings = {
  newestVersion: async () => {
    try {
      const response = await fetch("/", { headers: { accept: "text/html" }, cache: "no-store" });
      if (!response.ok) return null;
      return mainScript(new DOMParser().parseFromString(await response.text(), "text/html")) || null;
    } catch {
      return null;
    }
  },
  version: () => mainScript(document),
  hasUnsavedText: () =>
    [...document.querySelectorAll<HTMLTextAreaElement | HTMLInputElement>("textarea, [role=dialog] input")].some(
      (field) =>
        field.value.trim() !== "" &&
        (field.matches("textarea") || field.value !== field.defaultValue) &&
        !(areDraftsStored() && field.closest("[data-draft]")),
    ),
  reload: () => window.location.reload(),
  pause: (milliseconds) =>
    new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        window.removeEventListener("online", done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      window.addEventListener("online", done);
    }),
};

/** The first page is drawn by then, or waits for the server anyway. */
const AFTER_FIRST_PAGE_MS = 1_500;

/** Runs work that the first page can wait for, once the browser has nothing else to do. */
export function whenIdle(work: () => void): void {
  setTimeout(() => {
    if (typeof requestIdleCallback === "function") requestIdleCallback(work, { timeout: 4_000 });
    else work();
  }, AFTER_FIRST_PAGE_MS);
}

/** True once the first page is drawn and the browser has nothing else to do. */
export function useLater(): boolean {
  const [later, setLater] = useState(false);
  useEffect(() => whenIdle(() => setLater(true)), []);
  return later;
}
