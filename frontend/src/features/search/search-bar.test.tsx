import { act, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { createRef, useState } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SearchBox } from "./search-bar";

/** The address, which takes what is typed a moment later, as a router does. */
function Page({ heard, asked }: { heard: string[]; asked: string[] }) {
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
          heard.push(next);
          setTimeout(() => setValue(next), 30);
        }}
        busy={false}
        inputRef={input}
        listId="list"
        activeId={undefined}
        expanded={false}
        onKey={() => undefined}
        onSubmit={(next) => asked.push(next)}
      />
    </>
  );
}

describe("the search box", () => {
  beforeEach(() => vi.useFakeTimers({ shouldAdvanceTime: true }));
  afterEach(() => vi.useRealTimers());

  const stage = () => {
    const heard: string[] = [];
    const asked: string[] = [];
    render(<Page heard={heard} asked={asked} />);
    const user = userEvent.setup({ advanceTimers: vi.advanceTimersByTime });
    const box = screen.getByRole("combobox") as HTMLInputElement;
    const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));
    return { heard, asked, user, box, pass };
  };

  it("asks once typing pauses, and never takes a letter back", async () => {
    const { heard, user, box, pass } = stage();
    await user.type(box, "log");
    expect(heard).toEqual([]);
    await pass(150);
    expect(heard).toEqual(["log"]);
    await user.type(box, "in fails ");
    await pass(20);
    expect(box.value).toBe("login fails ");
    await pass(200);
    expect(heard).toEqual(["log", "login fails"]);
    await pass(200);
    expect(box.value).toBe("login fails ");
  });

  it("asks at once on Enter, shows what comes from elsewhere, and is emptied by Escape", async () => {
    const { heard, asked, user, box, pass } = stage();
    await user.type(box, "lamp{Enter}");
    expect([heard, asked]).toEqual([["lamp"], ["lamp"]]);
    await pass(300);
    expect(heard).toEqual(["lamp"]);
    await user.click(screen.getByText("Run"));
    expect(box.value).toBe("from elsewhere");
    await user.type(box, "{Escape}");
    expect(box.value).toBe("");
    await pass(300);
    expect(heard).toEqual(["lamp", ""]);
  });
});
