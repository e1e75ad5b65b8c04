/**
 * Keys of a field that submit or close it. While an input method composes a word, Enter accepts the word and Escape drops
 * it: they belong to the input method and save or discard nothing.
 */
import type { KeyboardEvent } from "react";
import { isComposing } from "./use-shortcuts";

type Pressed = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey"> & {
  nativeEvent: Pick<globalThis.KeyboardEvent, "isComposing" | "keyCode">;
};

export function isEnter({ key, nativeEvent }: Pressed): boolean {
  return key === "Enter" && !isComposing(nativeEvent);
}

/** Ctrl or Command with Enter, which sends a text of several lines. */
export function isSubmit(event: Pressed): boolean {
  return isEnter(event) && (event.ctrlKey || event.metaKey);
}

export function isEscape({ key, nativeEvent }: Pressed): boolean {
  return key === "Escape" && !isComposing(nativeEvent);
}
