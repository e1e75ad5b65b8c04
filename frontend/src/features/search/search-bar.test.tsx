import { act, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { createRef, useState } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SearchBox } from "./search-bar";

/** Applies changes with a delay, as the router does with the URL. */
function Page({ changes, submits }: { changes: string[]; submits: string[] }) {
  const [value, setValue] = useState("");
  const [input] = useState(() => createRef<HTMLInputElement>());
  return (
    <>
      <button type="button" onClick={() => setValue("from elsewhere")}>
        Run
      </button>
      <SearchBox
        value={value}
        onChange={(next) => {
          changes.push(next);
          setTimeout(() => setValue(next), 30);
        }}
        busy={false}
        inputRef={input}
        listId="list"
        activeId={undefined}
        expanded={false}
        onKey={() => undefined}
        onSubmit={(next) => submits.push(next)}
      />
    </>
  );
}

describe("SearchBox", () => {
  beforeEach(() => vi.useFakeTimers({ shouldAdvanceTime: true }));
  afterEach(() => vi.useRealTimers());

  const setUp = () => {
    const changes: string[] = [];
    const submits: string[] = [];
    render(<Page changes={changes} submits={submits} />);
    const user = userEvent.setup({ advanceTimers: vi.advanceTimersByTime });
    const box = screen.getByRole("combobox") as HTMLInputElement;
    const advance = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));
    return { changes, submits, user, box, advance };
  };

  it("debounces changes and never overwrites newer input", async () => {
    const { changes, user, box, advance } = setUp();
    await user.type(box, "log");
    expect(changes).toEqual([]);
    await advance(150);
    expect(changes).toEqual(["log"]);
    await user.type(box, "in fails ");
    await advance(20);
    expect(box.value).toBe("login fails ");
    await advance(200);
    expect(changes).toEqual(["log", "login fails"]);
    await advance(200);
    expect(box.value).toBe("login fails ");
  });

  it("submits on Enter, follows external changes, and clears on Escape", async () => {
    const { changes, submits, user, box, advance } = setUp();
    await user.type(box, "lamp{Enter}");
    expect([changes, submits]).toEqual([["lamp"], ["lamp"]]);
    await advance(300);
    expect(changes).toEqual(["lamp"]);
    await user.click(screen.getByText("Run"));
    expect(box.value).toBe("from elsewhere");
    await user.type(box, "{Escape}");
    expect(box.value).toBe("");
    await advance(300);
    expect(changes).toEqual(["lamp", ""]);
  });
});
