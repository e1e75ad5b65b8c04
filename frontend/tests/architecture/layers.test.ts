/**
 * Imports go one way: app → features → entities → api and ui, and features → live → api. Features do not import each
 * other, nor do entities. `entities` renders tickets, jobs and actors; `ui` does not depend on the API at all.
 *
 * Within live, the client at the top connects everything. Below it, imports go transport → streams → state: the socket
 * and the poller drive rooms, rooms put events into order and apply them to state, and state is pure.
 */
import { describe, expect, it } from "vitest";
import { files, type Import, imports } from "./sources";

/** What the files of a folder may import besides their own folder. `*` stands for one name; the first match counts. */
const LAYERS: Record<string, readonly string[]> = {
  "main.tsx": ["app", "styles.css"],
  app: ["features", "entities", "live", "api", "ui"],
  "features/*": ["entities", "live", "api", "ui"],
  "entities/*": ["api", "ui"],
  "live/transport": ["live/streams", "live/state", "api"],
  "live/streams": ["live/state", "api"],
  "live/state": ["api"],
  live: ["api"],
  api: [],
  ui: [],
};

/** The folder a file belongs to, with the rule for it. */
function layerOf(file: string): { folder: string; rule: string } | undefined {
  for (const rule of Object.keys(LAYERS)) {
    const folder = file.split("/").slice(0, rule.split("/").length).join("/");
    if (new RegExp(`^${rule.replaceAll("*", "[^/]+")}$`).test(folder)) return { folder, rule };
  }
  return undefined;
}

const isIn = (file: string, folder: string) =>
  file === folder || file.startsWith(`${folder}/`) || file.replace(/\.tsx?$/, "") === folder;

/** The entry of LAYERS that permits an import; null where none does. */
function permission({ from, to }: Import): string | null {
  const layer = layerOf(from);
  if (!layer) return null;
  if (isIn(to, layer.folder)) return layer.folder;
  return LAYERS[layer.rule]?.find((folder) => isIn(to, folder)) ?? null;
}

describe("layers of src", () => {
  it("cover every file, and each holds files", () => {
    expect(files.filter((file) => !layerOf(file))).toEqual([]);
    const found = new Set(files.map((file) => layerOf(file)?.rule));
    expect(Object.keys(LAYERS).filter((rule) => !found.has(rule))).toEqual([]);
  });

  it("import only what lies below them", () => {
    expect(imports.length).toBeGreaterThan(0);
    const wrong = imports.filter((each) => permission(each) === null);
    expect(wrong.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  it("use every import that the rules permit", () => {
    const used = new Set(imports.map((each) => `${layerOf(each.from)?.rule} → ${permission(each)}`));
    const permitted = Object.entries(LAYERS).flatMap(([rule, below]) => below.map((folder) => `${rule} → ${folder}`));
    expect(permitted.filter((each) => !used.has(each))).toEqual([]);
  });
});
