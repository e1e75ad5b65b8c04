import { expect, it } from "vitest";
import { normalize, readDocument } from "../../scripts/types.mjs";
import { url } from "./harness";

it("the committed openapi.json matches the running server (otherwise run npm run types:fetch)", async () => {
  const answer = await fetch(`${url}/openapi.json`);
  expect(normalize(await answer.json())).toEqual(readDocument());
});
