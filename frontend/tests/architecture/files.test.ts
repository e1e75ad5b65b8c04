/** What holds for each source file alone: its size, and that it names no other host. */
import { expect, it } from "vitest";
import { files, read } from "./sources";

const MAX_LINES = 300;
// The namespace of SVG is a name, not an address.
const OTHER_HOST = /["'`]https?:\/\/(?!www\.w3\.org\/2000\/svg["'`])/;

it(`no file has more than ${MAX_LINES} lines`, () => {
  const sizes = files.map((file) => ({ file, lines: read(file).split("\n").length }));
  expect(sizes.filter(({ lines }) => lines > 1)).not.toEqual([]);
  expect(sizes.filter(({ lines }) => lines > MAX_LINES)).toEqual([]);
});

it("no file outside the tests names another host", () => {
  // The tests of links name hosts on purpose; finding them shows that the pattern works.
  const found = files.filter((file) => OTHER_HOST.test(read(file)));
  expect(found.filter((file) => file.includes(".test."))).not.toEqual([]);
  expect(found.filter((file) => !file.includes(".test."))).toEqual([]);
});
