/** The source files of the dashboard and what they import, as the architecture tests read them. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../../src");
const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*["']([^"']+)["']/g;
const SUFFIXES = ["", ".ts", ".tsx", "/index.ts", "/index.tsx"];

export interface Import {
  from: string;
  to: string;
}

const all: ReadonlySet<string> = new Set(
  readdirSync(root, { recursive: true, encoding: "utf8" }).map((name) => name.replaceAll("\\", "/")),
);

/** TypeScript files relative to `src`, without generated ones. */
export const files: readonly string[] = [...all].filter((name) => /\.tsx?$/.test(name) && !name.endsWith(".gen.ts"));

export function read(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

/** Imports inside `src`, type-only and dynamic ones included. An import that leads to no file is an error. */
export const imports: readonly Import[] = files.flatMap((from) =>
  [...read(from).matchAll(IMPORT)].flatMap(([, name = ""]) => {
    const path = name.startsWith("@/") ? name.slice(2) : name.startsWith(".") ? posix.join(dirname(from), name) : null;
    return path === null ? [] : [{ from, to: fileAt(path, from) }];
  }),
);

function fileAt(path: string, from: string): string {
  const file = SUFFIXES.map((suffix) => path + suffix).find((name) => all.has(name) && /\.\w+$/.test(name));
  if (!file) throw new Error(`${from} imports ${path}, which is no file of src`);
  return file;
}
