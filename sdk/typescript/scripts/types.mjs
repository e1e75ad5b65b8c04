// Generates `src/schema.gen.ts` from the API description that the server's tests keep up to date. With `--check`, fails if the
// committed file is another one.

import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import process from "node:process";
import openapiTS, { astToString, COMMENT_HEADER } from "openapi-typescript";

const DOCUMENT = resolve(import.meta.dirname, "../../../tests/it/snapshots/openapi.json");
const GENERATED = resolve(import.meta.dirname, "../src/schema.gen.ts");

// The client sets these.
const HEADERS = ["Idempotency-Key", "X-Agent-ID"];

/**
 * The part of the description that programs use: no sockets (`watch`), no problems (`RefusedError`).
 *
 * @param {Record<string, any>} document
 */
function reduce(document) {
  const paths = Object.entries(document.paths).filter(([path]) => !path.startsWith("/ws"));
  for (const [, operations] of paths) {
    for (const operation of Object.values(operations)) {
      const responses = Object.entries(operation.responses).filter(([status]) => status.startsWith("2"));
      operation.responses = Object.fromEntries(responses);
      const parameters = (operation.parameters ?? []).filter((parameter) => !HEADERS.includes(parameter.name));
      operation.parameters = parameters.length > 0 ? parameters : undefined;
    }
  }
  return { ...document, paths: Object.fromEntries(paths) };
}

// Fields with a default are optional in requests; objects without listed fields hold anything.
const ast = await openapiTS(reduce(JSON.parse(readFileSync(DOCUMENT, "utf8"))), {
  defaultNonNullable: false,
  emptyObjectsUnknown: true,
});
const text = COMMENT_HEADER + astToString(ast);
if (process.argv.includes("--check")) {
  if (readFileSync(GENERATED, "utf8") !== text) {
    process.stderr.write("src/schema.gen.ts is out of date: run npm run types in sdk/typescript.\n");
    process.exit(1);
  }
} else {
  writeFileSync(GENERATED, text);
}
