import { act, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { useDebouncedInput } from "./use-debounced-input";

const PAUSE_MS = 140;

/** Applies texts `lag` milliseconds late, as the router does with the URL. */
function Page({ applied, lag }: { applied: string[]; lag: number }) {
  const [value, setValue] = useState("");
  const [, rerender] = useState(0);
  const input = useDebouncedInput(
    value,
    (next) => {
      applied.push(next);
      setTimeout(() => setValue(next), lag);
    },
    PAUSE_MS,
  );
  return (
    <>
      <button type="button" onClick={() => setValue("from elsewhere")}>
        Go
      </button>
      <button type="button" onClick={() => rerender((old) => old + 1)}>
        Render
      </button>
      <input
        value={input.text}
        onChange={(event) => input.setText(event.target.value)}
        onKeyDown={({ key }) => key === "Enter" && applied.push(`flushed: ${input.flush()}`)}
      />
    </>
  );
}

describe("useDebouncedInput", () => {
  beforeEach(() => vi.useFakeTimers({ shouldAdvanceTime: true }));
  afterEach(() => vi.useRealTimers());

  const setUp = (lag = 30) => {
    const applied: string[] = [];
    render(<Page applied={applied} lag={lag} />);
    const user = userEvent.setup({ advanceTimers: vi.advanceTimersByTime });
    const box = screen.getByRole("textbox") as HTMLInputElement;
    const advance = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));
    return { applied, user, box, advance };
  };

  it("applies the trimmed text after a pause and keeps what was typed", async () => {
    const { applied, user, box, advance } = setUp();
    await user.type(box, "log");
    expect(applied).toEqual([]);
    await advance(PAUSE_MS);
    await user.type(box, "in fails ");
    await advance(PAUSE_MS);
    expect(applied).toEqual(["log", "login fails"]);
    await advance(PAUSE_MS);
    expect(box.value).toBe("login fails ");
  });

  it("ignores its own texts that arrive after later ones were applied", async () => {
    const { applied, user, box, advance } = setUp(1_000);
    await user.type(box, "log");
    await advance(PAUSE_MS);
    await user.type(box, "in");
    await advance(PAUSE_MS);
    expect(applied).toEqual(["log", "login"]);
    await advance(850);
    expect(box.value).toBe("login");
    await user.type(box, " fails");
    await advance(300);
    expect(box.value).toBe("login fails");
    await advance(2_000);
    expect([box.value, applied]).toEqual(["login fails", ["log", "login", "login fails"]]);
  });

  it("is not delayed by renders", async () => {
    const { applied, user, box, advance } = setUp();
    await user.type(box, "log");
    await advance(100);
    act(() => screen.getByText("Render").click());
    await advance(50);
    expect(applied).toEqual(["log"]);
  });

  it("applies at once on request, and follows changes from elsewhere", async () => {
    const { applied, user, box, advance } = setUp();
    await user.type(box, "lamp{Enter}");
    expect(applied).toEqual(["lamp", "flushed: true"]);
    await advance(300);
    await user.type(box, "{Enter}");
    expect(applied).toEqual(["lamp", "flushed: true", "flushed: false"]);
    await user.click(screen.getByText("Go"));
    expect(box.value).toBe("from elsewhere");
    await advance(300);
    expect(applied).toHaveLength(3);
  });
});
