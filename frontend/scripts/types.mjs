// @ts-check
/**
 * Generates `src/api/schema.gen.ts` from `openapi.json`. With `--fetch`, `openapi.json` is first updated from the
 * server at CALLBOARD_URL. It keeps only the calls that `src/api` makes and the schemas they need, without
 * descriptions, so that changes elsewhere in the API do not affect the dashboard. A test detects every other change.
 *
 * @typedef {Record<string, any>} Json
 * @typedef {{ paths: Record<string, Json>, components?: { schemas?: Record<string, Json> } } & Json} OpenApi
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString, COMMENT_HEADER } from "openapi-typescript";

/** @param {string} name */
const at = (name) => resolve(dirname(fileURLToPath(import.meta.url)), "..", name);
const documentPath = at("openapi.json");
export const schemaPath = at("src/api/schema.gen.ts");

/** The calls of `src/api/session.ts`, which does not use the typed client. */
const SESSION_CALLS = [
  { method: "post", path: "/api/auth/login" },
  { method: "post", path: "/api/auth/register" },
  { method: "post", path: "/api/auth/setup" },
  { method: "post", path: "/api/auth/token/refresh" },
  { method: "post", path: "/api/auth/logout" },
  { method: "get", path: "/api/auth/me" },
];

/** All calls of the dashboard, sorted so that their place in the source does not matter. */
function usedCalls() {
  const files = readdirSync(at("src/api")).filter((name) => /^[a-z-]+\.ts$/.test(name));
  const source = files.map((name) => readFileSync(at(`src/api/${name}`), "utf8")).join("\n");
  const found = source.matchAll(/client\s*\.(GET|POST|PUT|PATCH|DELETE)\(\s*"([^"]+)"/g);
  const typed = [...found].map(([, method = "", path = ""]) => ({ method: method.toLowerCase(), path }));
  if (typed.length === 0) throw new Error("no calls of the typed client were found in src/api");
  return [...SESSION_CALLS, ...typed].sort((a, b) =>
    `${a.path} ${a.method}`.localeCompare(`${b.path} ${b.method}`, "en"),
  );
}

/**
 * The part of the server's document that the dashboard uses.
 * @param {OpenApi} document
 * @returns {OpenApi}
 */
export function normalize(document) {
  /** @type {Record<string, Json>} */
  const paths = {};
  for (const { method, path } of usedCalls()) {
    const operation = document.paths[path]?.[method];
    if (!operation) throw new Error(`the server does not have ${method.toUpperCase()} ${path}`);
    const responses = Object.entries(operation.responses).filter(([status]) => status.startsWith("2"));
    const { parameters, requestBody } = operation;
    paths[path] = {
      ...paths[path],
      [method]: shape({ parameters, requestBody, responses: Object.fromEntries(responses) }),
    };
  }
  const schemas = reachable(paths, document.components?.schemas ?? {});
  return { openapi: document.openapi, info: { title: "Callboard", version: "0" }, paths, components: { schemas } };
}

/**
 * Removes descriptions and examples. A property named "description" is kept, because it is a key of `properties`.
 * @param {any} value
 * @param {boolean} named Whether the keys are property names instead of OpenAPI keywords.
 * @returns {any}
 */
function shape(value, named = false) {
  if (Array.isArray(value)) return value.map((item) => shape(item));
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value)
    .filter(([key]) => named || !["description", "summary", "example", "examples"].includes(key))
    .filter(([, inner]) => inner !== undefined)
    .map(([key, inner]) => [key, shape(inner, key === "properties" && !named)]);
  // OpenAPI requires a description for each response.
  if (!named && "content" in value && !("in" in value) && !("required" in value)) kept.push(["description", ""]);
  return Object.fromEntries(kept);
}

/**
 * @param {Json} from
 * @param {Record<string, Json>} schemas
 * @returns {Record<string, Json>}
 */
function reachable(from, schemas) {
  /** @type {Record<string, Json>} */
  const kept = {};
  /** @param {unknown} value */
  const follow = (value) => {
    for (const [, name = ""] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      const schema = schemas[name];
      if (name in kept || !schema) continue;
      kept[name] = shape(schema);
      follow(kept[name]);
    }
  };
  follow(from);
  return Object.fromEntries(Object.entries(kept).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * @param {OpenApi} document
 * @returns {Promise<string>}
 */
export async function generate(document) {
  // Fields with a default are optional in requests.
  const options = { defaultNonNullable: false };
  return COMMENT_HEADER + astToString(await openapiTS(/** @type {any} */ (structuredClone(document)), options));
}

/** @returns {OpenApi} */
export function readDocument() {
  return JSON.parse(readFileSync(documentPath, "utf8"));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes("--fetch")) {
    const response = await fetch(`${process.env.CALLBOARD_URL ?? "http://127.0.0.1:8080"}/openapi.json`);
    writeFileSync(documentPath, `${JSON.stringify(normalize(await response.json()), null, 1)}\n`);
  }
  writeFileSync(schemaPath, await generate(readDocument()));
}
