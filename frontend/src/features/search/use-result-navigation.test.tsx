import { act, fireEvent, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { createRef, useState } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { SearchResponse } from "@/api/types";
import { useDebouncedInput } from "@/ui/use-debounced-input";
import type { ResultStatus } from "@/ui/use-deferred-action";
import { SearchBox } from "./search-bar";
import type { SearchState } from "./search-state";
import { searchResponse } from "./testing";
import { useResultNavigation } from "./use-result-navigation";
import { DEBOUNCE_MS } from "./use-search";

interface Answer {
  answer?: SearchResponse;
  status: ResultStatus;
}

interface Log {
  opened: string[];
  submitted: string[];
  applied: string[];
}

const log = (): Log => ({ opened: [], submitted: [], applied: [] });

/** A search page without its surroundings; the test answers its searches. */
function Page({ answer, status, log: { opened, submitted, applied } }: Answer & { log: Log }) {
  const [state, setState] = useState<SearchState>({});
  const [inputRef] = useState(() => createRef<HTMLInputElement>());
  const input = useDebouncedInput(
    state.q ?? "",
    (q) => {
      applied.push(q);
      setTimeout(() => setState({ q: q || undefined }), 20);
    },
    DEBOUNCE_MS,
  );
  const navigation = useResultNavigation({
    answer,
    status,
    state,
    input,
    listId: "list",
    onOpen: (id, elsewhere) => opened.push(elsewhere ? `${id} elsewhere` : id),
    onSubmit: ({ q = "" }) => submitted.push(q),
  });
  return (
    <>
      <SearchBox
        text={input.text}
        onText={navigation.setText}
        busy={false}
        inputRef={inputRef}
        listId="list"
        activeId={navigation.activeOption}
        expanded={navigation.results.length > 0}
        onKey={navigation.onKey}
        onLeave={navigation.cancelOpen}
      />
      <button type="button">Elsewhere</button>
    </>
  );
}

describe("Enter in the search input", () => {
  beforeEach(() => vi.useFakeTimers({ shouldAdvanceTime: true }));
  afterEach(() => vi.useRealTimers());

  const OLD: Answer = { answer: searchResponse("log", "old-1", "shared", "old-2"), status: "ready" };
  const STALE: Answer = { ...OLD, status: "loading" };
  const NEW: Answer = { answer: searchResponse("login", "new-1", "shared"), status: "ready" };

  const setUp = async () => {
    const calls = log();
    const { rerender } = render(<Page {...OLD} log={calls} />);
    const user = userEvent.setup({ advanceTimers: vi.advanceTimersByTime });
    const box = screen.getByRole("combobox") as HTMLInputElement;
    const advance = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));
    const answerWith = (answer: Answer) => rerender(<Page {...answer} log={calls} />);
    await user.type(box, "log");
    await advance(DEBOUNCE_MS + 20);
    return { ...calls, user, box, advance, answerWith };
  };

  it("opens the highlighted result", async () => {
    const { user, box, opened, submitted } = await setUp();
    await user.type(box, "{Enter}{ArrowDown}{Enter}{Control>}{Enter}{/Control}");
    expect(opened).toEqual(["old-1", "shared", "shared elsewhere"]);
    expect(submitted).toEqual([]);
  });

  it("searches at once and opens the first result when it has come", async () => {
    const { user, box, opened, submitted, applied, advance, answerWith } = await setUp();
    await user.type(box, "in{Enter}");
    // The text is not in the URL yet, so the results that are shown count as those of the URL.
    expect([opened, submitted, applied]).toEqual([[], ["login"], ["log", "login"]]);
    answerWith(STALE);
    await advance(500);
    expect([opened, applied]).toEqual([[], ["log", "login"]]);
    answerWith(NEW);
    expect(opened).toEqual(["new-1"]);
    answerWith({ ...NEW });
    expect(opened).toHaveLength(1);
  });

  it("opens after the pause for results that are loading", async () => {
    const { user, box, opened, submitted, advance, answerWith } = await setUp();
    await user.type(box, "in");
    answerWith(STALE);
    await advance(DEBOUNCE_MS + 20);
    await user.type(box, "{Enter}");
    expect(opened).toEqual([]);
    answerWith(NEW);
    expect([opened, submitted]).toEqual([["new-1"], []]);
  });

  it("opens a row that was moved to among the previous results only if it is found again", async () => {
    const { user, box, opened, advance, answerWith } = await setUp();
    await user.type(box, "in");
    answerWith(STALE);
    await user.type(box, "{ArrowDown}{Enter}");
    await advance(200);
    answerWith(NEW);
    expect(opened).toEqual(["shared"]);
    await user.type(box, "s");
    answerWith({ ...NEW, status: "loading" });
    await user.type(box, "{ArrowDown}{Enter}");
    await advance(200);
    answerWith({ answer: searchResponse("logins", "other"), status: "ready" });
    expect(opened).toEqual(["shared"]);
  });

  it.each([
    ["Escape", "{Escape}", "login"],
    ["further typing", "s", "logins"],
    ["a space", " ", "login "],
    ["moving the highlight", "{ArrowDown}", "login"],
  ])("is undone by %s", async (_, keys, text) => {
    const { user, box, opened, advance, answerWith } = await setUp();
    await user.type(box, "in{Enter}");
    answerWith(STALE);
    await advance(50);
    await user.type(box, keys);
    expect(box.value).toBe(text);
    await advance(500);
    answerWith(NEW);
    expect(opened).toEqual([]);
  });

  it("is undone when the focus moves away, but not when the window loses it", async () => {
    const { user, box, opened, advance, answerWith } = await setUp();
    await user.type(box, "in{Enter}");
    answerWith(STALE);
    await advance(50);
    // A window that loses the focus keeps its active element.
    fireEvent.blur(box);
    answerWith(NEW);
    expect(opened).toEqual(["new-1"]);
    answerWith({ ...NEW, status: "loading" });
    await user.type(box, "{Enter}");
    await user.click(screen.getByText("Elsewhere"));
    answerWith(NEW);
    expect(opened).toHaveLength(1);
  });

  it.each([
    ["no results", { answer: searchResponse("login"), status: "ready" }],
    ["a failure", { ...STALE, status: "failed" }],
  ] as const)("opens nothing on %s, nor later", async (_, outcome) => {
    const { user, box, opened, advance, answerWith } = await setUp();
    await user.type(box, "in{Enter}");
    answerWith(STALE);
    await advance(50);
    answerWith(outcome);
    answerWith(NEW);
    expect(opened).toEqual([]);
  });

  it("clears the text on Escape, and does nothing without criteria", async () => {
    const { user, box, opened, submitted, applied, advance, answerWith } = await setUp();
    await user.type(box, "{Escape}");
    answerWith({ status: "loading" });
    expect(box.value).toBe("");
    await user.type(box, "{Enter}");
    await advance(200);
    answerWith(NEW);
    expect([opened, submitted, applied]).toEqual([[], [], ["log", ""]]);
  });
});
