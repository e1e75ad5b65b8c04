import { act, renderHook } from "@testing-library/react";
import { beforeEach, describe, expect, it } from "vitest";
import { readDraft, setDraftOwner, writeDraft } from "./drafts";
import { readLike, useDraft } from "./use-draft";

beforeEach(() => {
  localStorage.clear();
  setDraftOwner("ada");
});

const mount = (place: string | null, start: string) =>
  renderHook((props) => useDraft(props.place, props.start), { initialProps: { place, start } });

describe("useDraft", () => {
  it("keeps what is typed until it is cleared, and finds it again", () => {
    const first = mount("p", "");
    act(() => first.result.current.set("Hel"));
    act(() => first.result.current.set((old) => `${old}lo`));
    expect(first.result.current).toMatchObject({ value: "Hello", edited: true, from: null });
    first.unmount();
    const second = mount("p", "");
    expect(second.result.current.value).toBe("Hello");
    expect(second.result.current.from).toBeTypeOf("number");
    act(() => second.result.current.clear());
    expect(second.result.current).toMatchObject({ value: "", edited: false, from: null });
    expect(readDraft("p")).toBeNull();
  });

  it("forgets the draft when the start is typed again", () => {
    const { result } = mount("p", "start");
    act(() => result.current.set("other"));
    act(() => result.current.set("start"));
    expect(readDraft("p")).toBeNull();
  });

  it("is begun from another start when it is rebased", () => {
    const { result, rerender } = mount("p", "one");
    act(() => result.current.set("mine"));
    rerender({ place: "p", start: "two" });
    expect(result.current).toMatchObject({ baseChanged: true, base: JSON.stringify("one") });
    act(() => result.current.rebase("both", "two"));
    expect(result.current).toMatchObject({ value: "both", baseChanged: false, base: JSON.stringify("two") });
    act(() => result.current.rebase("two", "two"));
    expect(result.current).toMatchObject({ edited: false, base: null });
  });

  it("follows the start without edits, and tells of a changed start with them", () => {
    const { result, rerender } = mount("p", "one");
    rerender({ place: "p", start: "two" });
    expect(result.current.value).toBe("two");
    act(() => result.current.set("mine"));
    expect(result.current.baseChanged).toBe(false);
    rerender({ place: "p", start: "theirs" });
    expect(result.current).toMatchObject({ value: "mine", baseChanged: true });
    // Saving shows the new text at once, before it is cleared.
    rerender({ place: "p", start: "mine" });
    expect(result.current.baseChanged).toBe(false);
  });

  it("tells of a start that changed while the draft was closed", () => {
    const first = mount("p", "one");
    act(() => first.result.current.set("mine"));
    first.unmount();
    expect(mount("p", "theirs").result.current).toMatchObject({ value: "mine", baseChanged: true });
  });

  it("shows the draft of another place", () => {
    writeDraft("b", "of b");
    const { result, rerender } = mount("a", "");
    act(() => result.current.set("of a"));
    rerender({ place: "b", start: "" });
    expect(result.current.value).toBe("of b");
    rerender({ place: "a", start: "" });
    expect(result.current.value).toBe("of a");
  });

  it("keeps nothing without a place", () => {
    const { result } = mount(null, "");
    act(() => result.current.set("text"));
    expect(result.current.value).toBe("text");
    expect(localStorage.length).toBe(0);
  });
});

describe("readLike", () => {
  it("takes the fields that have the type of the start", () => {
    const start = { name: "", count: 1, tags: ["a"], owner: null };
    expect(readLike({ name: "x", count: "2", tags: {}, more: 1 }, start)).toEqual({ ...start, name: "x" });
    expect(readLike("text", start)).toBeNull();
    expect(readLike({}, "text")).toBeNull();
  });
});
