/** No file of src imports itself through others. Type-only imports count: a circle of types cannot be read in order. */
import { describe, expect, it } from "vitest";
import { type Import, imports } from "./sources";

/** Each group of files that import each other in a circle (Tarjan's strongly connected components). */
function findCycles(edges: readonly Import[]): string[][] {
  const targets = new Map<string, string[]>();
  for (const { from, to } of edges) targets.set(from, [...(targets.get(from) ?? []), to]);
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  const visit = (file: string): number => {
    const own = index.size;
    index.set(file, own);
    low.set(file, own);
    stack.push(file);
    for (const target of targets.get(file) ?? []) {
      const reached = !index.has(target) ? visit(target) : stack.includes(target) ? (index.get(target) ?? own) : own;
      low.set(file, Math.min(low.get(file) ?? own, reached));
    }
    const lowest = low.get(file) ?? own;
    if (lowest === own) {
      const group = stack.splice(stack.indexOf(file));
      if (group.length > 1 || targets.get(file)?.includes(file)) cycles.push(group);
    }
    return lowest;
  };
  for (const file of targets.keys()) if (!index.has(file)) visit(file);
  return cycles;
}

describe("import cycles", () => {
  it("are found", () => {
    const edges = ["ab", "bc", "ca", "cd", "ee", "xa"].map(([from = "", to = ""]) => ({ from, to }));
    expect(findCycles(edges)).toEqual([["a", "b", "c"], ["e"]]);
  });

  it("do not exist in src", () => {
    expect(imports.length).toBeGreaterThan(0);
    expect(findCycles(imports)).toEqual([]);
  });
});
