import { expect, it } from "vitest";
import { isEnter, isEscape, isSubmit } from "./enter-key";

const press = (key: string, more: { ctrlKey?: boolean; isComposing?: boolean; keyCode?: number } = {}) => ({
  key,
  ctrlKey: more.ctrlKey ?? false,
  metaKey: false,
  nativeEvent: { isComposing: more.isComposing ?? false, keyCode: more.keyCode ?? 13 },
});

it("leaves keys of an input method alone", () => {
  expect([isEnter(press("Enter")), isEscape(press("Escape")), isSubmit(press("Enter", { ctrlKey: true }))]).toEqual([
    true,
    true,
    true,
  ]);
  expect(isSubmit(press("Enter"))).toBe(false);
  for (const composing of [{ isComposing: true }, { keyCode: 229 }]) {
    expect(isEnter(press("Enter", composing))).toBe(false);
    expect(isEscape(press("Escape", composing))).toBe(false);
    expect(isSubmit(press("Enter", { ctrlKey: true, ...composing }))).toBe(false);
  }
});
