/** The package as npm packs it: its files, its types, and the examples of the documents, for those who install it. */

import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import ts from "typescript";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";

import { email, fixture, password, url } from "./support.js";

const ROOT = path.resolve(import.meta.dirname, "../..");
const DOCUMENTS = ["README.md", "../../docs/typescript-client.md"];
const folder = mkdtempSync(path.join(tmpdir(), "callboard-package-"));
const installed = path.join(folder, "node_modules/callboard");
const read = (name: string) => readFileSync(path.join(ROOT, name), "utf8");

/** The blocks of TypeScript that are marked as tested. */
function examples(document: string): { name: string; code: string }[] {
  const blocks = [...read(document).matchAll(/^(.*)\n```ts\n([\s\S]*?)^```$/gm)];
  for (const [, marker] of blocks) expect(marker, document).toMatch(/^<!-- (tested: typescript|not tested: .+) -->$/);
  const tested = blocks.filter(([, marker]) => marker === "<!-- tested: typescript -->");
  return tested.map(([, , code = ""], index) => ({ name: `${path.basename(document, ".md")}-${index + 1}`, code }));
}

const all = DOCUMENTS.flatMap(examples);

const TYPES = `
import { type AnswerOf, Client, type Schemas, type Update } from "callboard";

declare const client: Client;
export const job: Promise<Schemas["Job"]> = client.getJob("job-1");
export const me: Promise<AnswerOf<"get", "/api/auth/me">> = client.request("get", "/api/auth/me");
export function seqOf(update: Update): number {
  return update.kind === "event" ? update.event.seq : update.cursor.seq;
}
// @ts-expect-error a ticket needs a workflow
export const wrong = () => client.createTicket({ title: "x" });
// @ts-expect-error there is no such path
export const absent = () => client.request("get", "/api/absent");
// @ts-expect-error the path parameter is missing
export const incomplete = () => client.request("get", "/api/jobs/{id}");
// @ts-expect-error agents are in the field "agents"
export const field = () => client.list("/api/agents", "workflows");
`;

let files: string[] = [];

beforeAll(() => {
  const pack = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
  const [packed] = JSON.parse(execFileSync("npm", pack, { cwd: ROOT, encoding: "utf8" }));
  files = packed.files.map((file: { path: string }) => file.path);
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["-xzf", path.join(folder, packed.filename), "-C", installed, "--strip-components=1"]);
  symlinkSync(path.join(ROOT, "node_modules/ws"), path.join(folder, "node_modules/ws"));
  writeFileSync(path.join(folder, "package.json"), '{"type": "module"}');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("holds what it needs and nothing else", () => {
  const others = files.filter((file) => !/^dist\/[\w/.-]+\.(js|d\.ts)$/.test(file));
  expect(others.sort()).toEqual(["LICENSE", "README.md", "package.json"]);
  for (const file of ["index.js", "index.d.ts", "platform/node.js", "platform/web.js"]) {
    expect(files).toContain(`dist/${file}`);
  }
  expect(read("LICENSE")).toBe(read("../../LICENSE"));
  const version = /^version = "(.+)"$/m.exec(read("../../Cargo.toml"))?.[1];
  expect(JSON.parse(read("package.json")).version).toBe(version);
});

/** What the compiler finds in these files; they are written beside their sources, unless they are only checked. */
function compile(names: string[], options: ts.CompilerOptions): string {
  const lib = ["lib.es2022.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"];
  const typeRoots = [path.join(ROOT, "node_modules/@types")];
  const common = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.Node16, strict: true, lib, typeRoots };
  const program = ts.createProgram(names, { ...common, ...options });
  const found = [...ts.getPreEmitDiagnostics(program), ...program.emit().diagnostics];
  const host = { getCanonicalFileName: String, getCurrentDirectory: () => folder, getNewLine: () => "\n" };
  return ts.formatDiagnostics(found, host);
}

test("has types, which the examples of the documents follow", () => {
  const sources = [{ name: "types", code: TYPES }, ...all];
  for (const { name, code } of sources) writeFileSync(path.join(folder, `${name}.ts`), code);
  const names = sources.map(({ name }) => path.join(folder, `${name}.ts`));
  expect(compile(names, { types: ["node"], skipLibCheck: true })).toBe("");
});

test("its declarations need no types of Node", () => {
  const names = files.filter((file) => file.endsWith(".d.ts")).map((file) => path.join(installed, file));
  expect(compile(names, { types: [], noEmit: true, skipDefaultLibCheck: true })).toBe("");
});

test.each([
  ["node16", ts.ModuleResolutionKind.Node16],
  ["bundler", ts.ModuleResolutionKind.Bundler],
])("its types are found with the module resolution %s", (_, moduleResolution) => {
  const options = { moduleResolution, module: ts.ModuleKind.ESNext };
  const { resolvedModule } = ts.resolveModuleName("callboard", path.join(folder, "index.ts"), options, ts.sys);
  expect(resolvedModule?.resolvedFileName).toBe(path.join(installed, "dist/index.d.ts"));
});

test("uses the WebSocket of browsers when it is bundled for them", async () => {
  const entry = path.join(folder, "page.js");
  const code = 'import { Client } from "callboard";\nglobalThis.watch = (url) => new Client(url).watch("job:1");\n';
  writeFileSync(entry, code);
  const result = await build({
    root: folder,
    configFile: false,
    logLevel: "error",
    build: { write: false, minify: false, rollupOptions: { input: entry } },
  });
  const { output } = (Array.isArray(result) ? result[0] : result) as { output: { code?: string }[] };
  const bundle = output.map((chunk) => chunk.code ?? "").join("\n");
  expect(bundle).toContain("new WebSocket(");
  expect(bundle).not.toMatch(/permessage-deflate|__vite-browser-external|node:/);
});

test.concurrent.each(all)("the example $name runs", async ({ name }) => {
  const { owner, workflow, key } = await fixture("Examples");
  const env = {
    ...process.env,
    CALLBOARD_URL: url,
    CALLBOARD_API_KEY: key,
    CALLBOARD_EMAIL: email,
    CALLBOARD_PASSWORD: password,
    CALLBOARD_WORKFLOW: (await owner.getWorkflow(workflow)).name,
  };
  const options = { cwd: folder, env, timeout: 30_000 };
  const { stdout } = await promisify(execFile)(process.execPath, [`${name}.js`], options);
  expect(stdout, `${name} prints something`).not.toBe("");
});
