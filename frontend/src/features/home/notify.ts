/** Notifications of the browser: off until the user asks for them, and kept for this browser. */
import { useSyncExternalStore } from "react";
import type { Home, HomeItem, HomeSectionName } from "@/api/types";
import { titleOf } from "./sections";

const KEY = "callboard.notify";
/** What is worth an interruption. */
const NOTIFIED: readonly HomeSectionName[] = ["waiting", "failed", "stuck", "mentions"];
/** More at once are announced as a number. */
const MAX_AT_ONCE = 3;
const LABELS: Partial<Record<HomeSectionName, string>> = {
  waiting: "Waiting for you",
  failed: "Failed",
  stuck: "Stuck or silent",
  mentions: "You were mentioned",
};

export type NotifyState = "unsupported" | "blocked" | "off" | "on";

const listeners = new Set<() => void>();

export function notifyState(): NotifyState {
  if (!("Notification" in globalThis) || !globalThis.isSecureContext) return "unsupported";
  if (Notification.permission === "denied") return "blocked";
  return Notification.permission === "granted" && localStorage.getItem(KEY) === "on" ? "on" : "off";
}

export function useNotifyState(): NotifyState {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, notifyState);
}

/** Asks the browser, which asks the user. */
export async function setNotify(on: boolean): Promise<void> {
  if (on && (await Notification.requestPermission()) === "granted") localStorage.setItem(KEY, "on");
  else localStorage.removeItem(KEY);
  for (const listener of listeners) listener();
}

export interface News {
  section: HomeSectionName;
  item: HomeItem;
}

/** What came up since the last look, given the ids that were there. Null stands for the first look: nothing is news then. */
export function newsOf(home: Home, known: ReadonlySet<string> | null): News[] {
  if (!known) return [];
  return NOTIFIED.flatMap((section) =>
    home[section].filter((item) => !known.has(keyOf(item))).map((item) => ({ section, item })),
  );
}

/** A job that fails again is another item. */
export const keyOf = ({ id, at }: HomeItem): string => `${id} ${at}`;

export function keysOf(home: Home): Set<string> {
  return new Set(NOTIFIED.flatMap((section) => home[section].map(keyOf)));
}

export function showNotifications(news: readonly News[], onOpen: () => void): void {
  if (news.length === 0 || notifyState() !== "on" || document.hasFocus()) return;
  const show = (title: string, body: string, tag: string) => {
    // Tabs of one browser show a tag once.
    const notification = new Notification(title, { body, tag, icon: "/favicon.svg" });
    notification.onclick = () => {
      window.focus();
      notification.close();
      onOpen();
    };
  };
  if (news.length > MAX_AT_ONCE) {
    show("Callboard", `${news.length} things need you.`, "callboard-home");
    return;
  }
  for (const { section, item } of news) {
    const about = item.ticket_key ? `${item.ticket_key} · ${titleOf(item)}` : titleOf(item);
    show(LABELS[section] ?? "Callboard", about, keyOf(item));
  }
}
