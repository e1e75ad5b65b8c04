import { fireEvent, render } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { keyLabels, shortcutOf } from "./shortcut-keys";
import { listShortcuts, type Shortcuts, useShortcuts } from "./use-shortcuts";

const press = (key: string, code: string, more: Partial<KeyboardEventInit> = {}) =>
  new KeyboardEvent("keydown", { key, code, bubbles: true, cancelable: true, ...more });
const meant = (known: string, ...keys: Parameters<typeof press>) =>
  shortcutOf(press(...keys), (name) => known.split(" ").includes(name));

describe("the shortcut of a key", () => {
  it("is the character that it writes, and its position on other scripts", () => {
    expect(meant("n", "n", "KeyN")).toBe("n");
    expect(meant("n", "т", "KeyN")).toBe("n");
    expect(meant("[", "х", "BracketLeft")).toBe("[");
    expect(meant("{", "Х", "BracketLeft", { shiftKey: true })).toBe("{");
    expect(meant("Mod+k", "л", "KeyK", { ctrlKey: true })).toBe("Mod+k");
    expect(meant("k", "k", "KeyK", { ctrlKey: true })).toBeNull();
    const alt = { key: "n", code: "KeyN", shiftKey: false, ctrlKey: false, metaKey: false, altKey: true };
    expect(shortcutOf(alt, () => true)).toBeNull();
  });

  it("is that of the letter on layouts that move letters, and of the digit where it needs Shift", () => {
    expect(meant("a q", "a", "KeyQ")).toBe("a");
    expect(meant("q", "a", "KeyQ")).toBeNull();
    expect(meant("1", "&", "Digit1")).toBe("1");
    expect(meant("[", "Dead", "BracketLeft")).toBe("[");
    expect(meant("/", "/", "Digit7", { shiftKey: true })).toBe("/");
  });

  it("ignores Caps Lock", () => {
    expect(meant("n", "N", "KeyN")).toBe("n");
    expect(meant("n", "N", "KeyN", { shiftKey: true })).toBeNull();
  });

  it("is shown as it is written on the keys", () => {
    expect(keyLabels("Mod+k")).toEqual(["Ctrl", "K"]);
    expect(keyLabels("Escape")).toEqual(["Esc"]);
    expect(keyLabels("?")).toEqual(["?"]);
  });
});

describe("shortcuts of a page", () => {
  function Page({ shortcuts }: { shortcuts: Shortcuts }) {
    useShortcuts(shortcuts);
    return <input aria-label="field" />;
  }

  it("are off in fields and while a word is composed, unless they work everywhere", () => {
    const run = vi.fn();
    const search = vi.fn();
    const { getByLabelText } = render(
      <Page shortcuts={{ n: run, "Mod+k": { label: "Search", run: search, everywhere: true } }} />,
    );
    fireEvent(getByLabelText("field"), press("n", "KeyN"));
    fireEvent(document.body, press("n", "KeyN", { isComposing: true }));
    expect(run).not.toHaveBeenCalled();
    fireEvent(document.body, press("n", "KeyN"));
    expect(run).toHaveBeenCalledOnce();
    fireEvent(getByLabelText("field"), press("k", "KeyK", { ctrlKey: true, isComposing: true }));
    expect(search).not.toHaveBeenCalled();
    fireEvent(getByLabelText("field"), press("k", "KeyK", { ctrlKey: true }));
    expect(search).toHaveBeenCalledOnce();
  });

  it("are listed while they apply", () => {
    const { rerender, unmount } = render(
      <Page
        shortcuts={{
          n: { label: "New ticket", run: () => undefined },
          j: { label: "Move", keys: ["j", "k"], group: "List" },
          x: { label: "Hidden", when: false },
          y: () => undefined,
        }}
      />,
    );
    const flat = () => [...listShortcuts().values()].flat().map(({ keys, label }) => `${keys.join("/")} ${label}`);
    expect(flat()).toEqual(["n New ticket", "j/k Move"]);
    rerender(<Page shortcuts={{ n: { label: "New job", run: () => undefined } }} />);
    expect(flat()).toEqual(["n New job"]);
    unmount();
    expect(flat()).toEqual([]);
  });
});
