import { beforeEach, describe, expect, it, vi } from "vitest";
import { areDraftsStored, discardDraft, onDrafts, readDraft, setDraftOwner, writeDraft } from "./drafts";

const DAY_MS = 86_400_000;
let user = 0;

beforeEach(() => {
  localStorage.clear();
  user += 1;
  setDraftOwner(`user-${user}`);
});

describe("drafts", () => {
  it("are kept by person and place until they are discarded", () => {
    writeDraft("ticket.1.comment", "Half a thought", "base");
    expect(readDraft("ticket.1.comment")).toMatchObject({ value: "Half a thought", base: "base" });
    expect(readDraft("ticket.2.comment")).toBeNull();
    setDraftOwner("somebody-else");
    expect(readDraft("ticket.1.comment")).toBeNull();
    setDraftOwner(`user-${user}`);
    expect(readDraft("ticket.1.comment")?.value).toBe("Half a thought");
    discardDraft("ticket.1.comment");
    expect(readDraft("ticket.1.comment")).toBeNull();
    expect(localStorage.length).toBe(0);
  });

  it("stay those of the last person when the session ends", () => {
    writeDraft("ticket.1.comment", "Kept");
    setDraftOwner(null);
    expect(readDraft("ticket.1.comment")?.value).toBe("Kept");
  });

  it("are forgotten after two weeks", () => {
    vi.useFakeTimers();
    try {
      writeDraft("old", "text");
      vi.advanceTimersByTime(15 * DAY_MS);
      expect(readDraft("old")).toBeNull();
      writeDraft("new", "text");
      expect(localStorage.length).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it("are bounded in number and size, and the oldest go first", () => {
    vi.useFakeTimers();
    try {
      for (let n = 0; n < 120; n += 1) {
        vi.advanceTimersByTime(1_000);
        writeDraft(`place.${n}`, `text ${n}`);
      }
      expect(localStorage.length).toBe(100);
      expect(readDraft("place.19")).toBeNull();
      expect(readDraft("place.20")?.value).toBe("text 20");
      for (let n = 0; n < 6; n += 1) {
        vi.advanceTimersByTime(1_000);
        writeDraft(`long.${n}`, "x".repeat(200_000));
      }
      expect(readDraft("long.5")).not.toBeNull();
      expect(readDraft("place.119")).toBeNull();
      expect(readDraft("long.1")).toBeNull();
    } finally {
      vi.useRealTimers();
    }
  });

  it("ignore what is unreadable, and other entries of storage", () => {
    localStorage.setItem(`callboard.draft.user-${user}.broken`, "{not JSON");
    localStorage.setItem(`callboard.draft.user-${user}.foreign`, '{"text":"no time"}');
    localStorage.setItem("callboard.theme", "dark");
    expect([readDraft("broken"), readDraft("foreign")]).toEqual([null, null]);
    setDraftOwner("next");
    expect(localStorage.getItem("callboard.theme")).toBe("dark");
  });

  it("last until the page is closed where storage is blocked, and make room where it is full", () => {
    const room = new Map<string, string>();
    let refuse = (_key: string) => false;
    vi.stubGlobal("localStorage", {
      get length() {
        return room.size;
      },
      key: (index: number) => [...room.keys()][index] ?? null,
      getItem: (key: string) => room.get(key) ?? null,
      removeItem: (key: string) => room.delete(key),
      setItem: (key: string, value: string) => {
        if (refuse(key)) throw new DOMException("full", "QuotaExceededError");
        room.set(key, value);
      },
    });
    writeDraft("first", "one");
    refuse = () => room.size > 0;
    writeDraft("second", "two");
    expect(readDraft("first")).toBeNull();
    expect(readDraft("second")?.value).toBe("two");
    expect(areDraftsStored()).toBe(true);
    refuse = () => true;
    writeDraft("third", "three");
    expect(readDraft("third")?.value).toBe("three");
    expect(areDraftsStored()).toBe(false);
    discardDraft("third");
    expect(readDraft("third")).toBeNull();
    vi.unstubAllGlobals();
  });

  it("tell when one is begun or deleted, here or in another tab", () => {
    const listener = vi.fn();
    const stop = onDrafts(listener);
    writeDraft("here", "a");
    writeDraft("here", "ab");
    expect(listener).toHaveBeenCalledTimes(1);
    discardDraft("here");
    discardDraft("here");
    expect(listener).toHaveBeenCalledTimes(2);
    window.dispatchEvent(new StorageEvent("storage", { key: `callboard.draft.user-${user}.there` }));
    window.dispatchEvent(new StorageEvent("storage", { key: "callboard.theme" }));
    expect(listener).toHaveBeenCalledTimes(3);
    stop();
  });
});
