import { expect, it } from "vitest";
import { normalize, readDocument } from "../../scripts/types.mjs";
import { url } from "./harness";

it("the committed openapi.json is the running server's (else: npm run types:fetch)", async () => {
  const answer = await fetch(`${url}/openapi.json`);
  expect(normalize(await answer.json())).toEqual(readDocument());
});
