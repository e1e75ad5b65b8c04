/** The generated types match the committed OpenAPI document, and that document describes calls. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { generate, readDocument, schemaPath } from "../../scripts/types.mjs";

it("schema.gen.ts is generated from openapi.json (else run: npm run types)", async () => {
  const document = readDocument();
  expect(Object.keys(document.paths)).not.toEqual([]);
  expect(readFileSync(schemaPath, "utf8") === (await generate(document))).toBe(true);
}, 30_000);
