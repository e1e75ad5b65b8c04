import { describe, expect, it, vi } from "vitest";
import type { LiveEvent } from "@/api/types";
import { advanceCursor, MatchCursorStore, readCursor } from "./matches";
import { matchEvent } from "./testing";

const AT_3 = { epoch: "e1", seq: 3, unread: 1 };
const seqs = (events: readonly LiveEvent[]) => events.map(({ seq }) => seq);

describe("advanceCursor", () => {
  it("skips events that were announced", () => {
    const { cursor, matches } = advanceCursor(AT_3, [matchEvent(2), matchEvent(3), matchEvent(4), matchEvent(5)]);
    expect(seqs(matches)).toEqual([4, 5]);
    expect(cursor).toEqual({ epoch: "e1", seq: 5, unread: 3 });
    expect(advanceCursor(cursor, [matchEvent(4), matchEvent(5)])).toEqual({ cursor, matches: [] });
  });

  it("counts only matches", () => {
    const { cursor, matches } = advanceCursor(AT_3, [matchEvent(4, { type: "search_renamed" })]);
    expect(matches).toEqual([]);
    expect(cursor).toEqual({ epoch: "e1", seq: 4, unread: 1 });
  });

  it("continues in a new epoch", () => {
    const { cursor, matches } = advanceCursor(AT_3, [matchEvent(1, { epoch: "e2" }), matchEvent(2, { epoch: "e2" })]);
    expect(seqs(matches)).toEqual([1, 2]);
    expect(cursor).toEqual({ epoch: "e2", seq: 2, unread: 3 });
  });
});

describe("a stored cursor", () => {
  it("is null when malformed", () => {
    expect(readCursor('{"epoch":"e1","seq":3,"unread":1}')).toEqual(AT_3);
    const broken = [null, "", "null", "{", "[]", '{"epoch":1,"seq":3,"unread":1}', '{"epoch":"e","seq":-1,"unread":0}'];
    for (const text of [...broken, '{"epoch":"e","seq":"3","unread":0}', '{"epoch":"e","seq":1.5,"unread":0}']) {
      expect(readCursor(text)).toBeNull();
    }
  });

  it("is kept per user, marked as seen, and removed", () => {
    const kept = new Map<string, string>();
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    };
    let owner = "user-1";
    const store = new MatchCursorStore(() => owner, storage);
    const changed = vi.fn();
    store.subscribe(changed);
    store.put("s1", AT_3);
    store.markSeen("s1");
    store.markSeen("s1");
    expect(store.cursor("s1")).toEqual({ ...AT_3, unread: 0 });
    expect(changed).toHaveBeenCalledTimes(2);
    owner = "user-2";
    expect(store.cursor("s1")).toBeNull();
    owner = "user-1";
    store.remove("s1");
    expect(store.cursor("s1")).toBeNull();
  });

  it("is optional when storage is blocked", () => {
    const refuse = () => {
      throw new Error("forbidden");
    };
    const store = new MatchCursorStore(() => "user-1", { getItem: refuse, setItem: refuse, removeItem: refuse });
    store.put("s1", AT_3);
    store.remove("s1");
    expect(store.cursor("s1")).toBeNull();
  });
});
