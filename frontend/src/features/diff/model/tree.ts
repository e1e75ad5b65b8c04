/** The folders of a list of files. Pure. */

export interface TreeFolder {
  kind: "folder";
  /** Its path, which identifies it. */
  path: string;
  /** Its name, with those of folders that hold nothing but the next one. */
  name: string;
  depth: number;
}

export interface TreeFile {
  kind: "file";
  path: string;
  name: string;
  depth: number;
  /** Its place in the list. */
  index: number;
}

export type TreeEntry = TreeFolder | TreeFile;

interface Folder {
  folders: Map<string, Folder>;
  files: { name: string; path: string; index: number }[];
}

const byName = (a: string, b: string) => a.localeCompare(b, "en", { numeric: true });

/** Every folder and file in the order of the tree: folders before files, by name. */
export function toTree(paths: readonly string[]): TreeEntry[] {
  const root: Folder = { folders: new Map(), files: [] };
  paths.forEach((path, index) => {
    const names = path.split("/");
    const name = names.pop() ?? path;
    let folder = root;
    for (const each of names) {
      let next = folder.folders.get(each);
      if (!next) {
        next = { folders: new Map(), files: [] };
        folder.folders.set(each, next);
      }
      folder = next;
    }
    folder.files.push({ name, path, index });
  });
  const entries: TreeEntry[] = [];
  // A list instead of recursion, because a path may have thousands of folders.
  const stack: { name: string; path: string; depth: number; folder: Folder }[] = [];
  const visit = (folder: Folder, path: string, depth: number) => {
    const files = folder.files.toSorted((a, b) => byName(a.name, b.name));
    const children = [...folder.folders].sort(([a], [b]) => byName(b, a));
    stack.push({ name: "", path, depth, folder: { folders: new Map(), files } });
    for (const [name, child] of children) stack.push({ name, path: path + name, depth, folder: child });
  };
  visit(root, "", 0);
  for (let next = stack.pop(); next; next = stack.pop()) {
    let { name, path, folder } = next;
    const { depth } = next;
    if (name === "") {
      for (const file of folder.files) entries.push({ kind: "file", depth, ...file });
      continue;
    }
    while (folder.files.length === 0 && folder.folders.size === 1) {
      const [[inner, child]] = folder.folders as unknown as [[string, Folder]];
      name += `/${inner}`;
      path += `/${inner}`;
      folder = child;
    }
    entries.push({ kind: "folder", path, name, depth });
    visit(folder, `${path}/`, depth + 1);
  }
  return entries;
}

/** The places of the files, in the order of the tree. */
export function treeOrder(paths: readonly string[]): number[] {
  return toTree(paths).flatMap((entry) => (entry.kind === "file" ? [entry.index] : []));
}
