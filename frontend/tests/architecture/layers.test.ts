/** The house rules of `src`: imports go one way, and files stay small enough to read. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const src = resolve(import.meta.dirname, "../../src");
const MOST_LINES = 300;

const files = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(ts|tsx)$/.test(name) && !name.endsWith(".gen.ts"))
  .map((name) => name.replaceAll("\\", "/"));

/** Which layer may import which. A feature sees itself and what lies below, never another feature. */
const BELOW: Record<string, readonly string[]> = {
  app: ["app", "features", "live", "api", "ui"],
  live: ["live", "api"],
  api: ["api"],
  ui: ["ui", "api/types"],
};

function layerOf(file: string): string {
  const [first = "", second = ""] = file.split("/");
  return first === "features" ? `features/${second}` : first;
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(src, file), "utf8");
  const found = text.matchAll(/(?:from|import)\s*\(?\s*["']([^"']+)["']/g);
  return [...found].flatMap(([, name = ""]) => {
    if (name.startsWith("@/")) return [name.slice(2)];
    if (name.startsWith(".")) return [relative(src, join(src, dirname(file), name)).replaceAll("\\", "/")];
    return [];
  });
}

function allowed(from: string, target: string): boolean {
  const layer = layerOf(from);
  const below = layer.startsWith("features/") ? [layer, "live", "api", "ui"] : (BELOW[layer] ?? ["app"]);
  return below.some((prefix) => target === prefix || target.startsWith(`${prefix}/`));
}

describe("src", () => {
  it("imports one way: app → features → live, api, ui; features do not know each other", () => {
    const wrong = files
      .filter((file) => file.includes("/"))
      .flatMap((file) =>
        importsOf(file)
          .filter((target) => !allowed(file, target))
          .map((target) => `${file} imports ${target}`),
      );
    expect(wrong).toEqual([]);
    expect(files.length).toBeGreaterThan(40);
  });

  it(`has no file above ${MOST_LINES} lines`, () => {
    const long = files
      .map((file) => [file, readFileSync(join(src, file), "utf8").split("\n").length] as const)
      .filter(([, lines]) => lines > MOST_LINES);
    expect(long).toEqual([]);
  });

  it("asks nothing of other hosts", () => {
    const outside = files.filter((file) => /["'`]https?:\/\//.test(readFileSync(join(src, file), "utf8")));
    expect(outside.filter((file) => !file.includes(".test."))).toEqual([]);
  });
});
