/** The types the dashboard is written against are those of the committed OpenAPI document, not of somebody's memory. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { generate, readDocument, schemaPath } from "../../scripts/types.mjs";

it("schema.gen.ts is what openapi.json gives (else: npm run types)", async () => {
  expect(readFileSync(schemaPath, "utf8") === (await generate(readDocument()))).toBe(true);
}, 30_000);
