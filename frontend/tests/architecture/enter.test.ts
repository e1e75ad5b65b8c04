/** Enter and Escape of a field go through `ui/enter-key`, so that those of an input method save and discard nothing. */
import { expect, it } from "vitest";
import { files, read } from "./sources";

const COMPARED = /key (?:===|!==) "Enter"/;

/** These ask whether a word is being composed before they look at the key, or are no fields. */
const EXCEPTIONS = [
  "features/diff/file-tree.tsx",
  "features/search/palette-search.tsx",
  "features/search/use-result-navigation.ts",
  "features/statistics/chart/cursor.tsx",
  "ui/enter-key.ts",
];

it("only the helper and what it does not fit compare a key with Enter", () => {
  const found = files.filter((file) => !file.includes(".test.") && COMPARED.test(read(file)));
  expect(found.sort()).toEqual(EXCEPTIONS);
});
