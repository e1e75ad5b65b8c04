/**
 * Remark and rehype plugins that show what Markdown hides. Agents read the source, so people must see all of it: raw
 * HTML, comments, unused definitions, titles of links, what follows the language of a code block, surplus table cells.
 */
import { INVISIBLE_CLASS, splitInvisible } from "./invisible";

interface Node {
  type: string;
  children?: Node[];
  value?: string;
  identifier?: string;
  label?: string | null;
  url?: string;
  title?: string | null;
  lang?: string | null;
  meta?: string | null;
  align?: (string | null)[] | null;
  tagName?: string;
  properties?: Record<string, unknown>;
}

/** Nodes whose children are blocks; the children of others are inline. */
const CONTAINERS = new Set(["root", "blockquote", "listItem", "footnoteDefinition"]);
const LANGUAGE = /^[\w+#.-]{1,20}$/;

const text = (value: string): Node => ({ type: "text", value });
const paragraph = (value: string): Node => ({ type: "paragraph", children: [text(value)] });

/** A remark plugin; `isShown` tells whether the link to a URL is rendered. */
export function revealSource({ isShown }: { isShown: (url: string) => boolean }) {
  return (tree: Node) => {
    const referenced = new Set<string>();
    collectReferences(tree, referenced);
    reveal(tree, { referenced, defined: new Set(), isShown });
  };
}

interface Context {
  referenced: ReadonlySet<string>;
  /** Footnotes seen so far: only the first definition of a label is rendered. */
  defined: Set<string>;
  isShown: (url: string) => boolean;
}

function collectReferences(node: Node, into: Set<string>): void {
  if (node.type === "footnoteReference" && node.identifier) into.add(node.identifier);
  for (const child of node.children ?? []) collectReferences(child, into);
}

function reveal(parent: Node, context: Context): void {
  if (parent.type === "table") showAllCells(parent);
  parent.children = parent.children?.flatMap((child) => {
    const isBlock = CONTAINERS.has(parent.type);
    reveal(child, context);
    return replacement(child, isBlock, context);
  });
}

function replacement(node: Node, isBlock: boolean, { referenced, defined, isShown }: Context): Node[] {
  switch (node.type) {
    case "html":
      return [isBlock ? { type: "code", value: node.value ?? "" } : text(node.value ?? "")];
    case "definition":
      return [paragraph(`[${node.label ?? node.identifier}]: ${node.url}${node.title ? ` "${node.title}"` : ""}`)];
    case "footnoteDefinition": {
      const id = node.identifier ?? "";
      if (referenced.has(id) && !defined.has(id)) {
        defined.add(id);
        return [node];
      }
      return [paragraph(`[^${node.label ?? id}]:`), ...(node.children ?? [])];
    }
    case "code": {
      const info = [node.lang, node.meta].filter(Boolean).join(" ");
      return node.meta || (node.lang && !LANGUAGE.test(node.lang)) ? [paragraph(info), node] : [node];
    }
    case "link":
    case "image": {
      const notes: Node[] = [];
      const url = node.url ?? "";
      if (url && (!isShown(url) || (node.type === "link" && isBlank(node)))) notes.push(text(` (${url})`));
      if (node.title) notes.push(text(` (${node.title})`));
      return [node, ...notes];
    }
    default:
      return [node];
  }
}

function isBlank(node: Node): boolean {
  if (node.type === "image") return false;
  if (node.value !== undefined) return node.value.trim() === "";
  return (node.children ?? []).every(isBlank);
}

/** Cells beyond the header's count would be dropped. */
function showAllCells(table: Node): void {
  const align = table.align ?? [];
  const columns = Math.max(...(table.children ?? []).map((row) => row.children?.length ?? 0));
  table.align = [...align, ...Array<null>(Math.max(0, columns - align.length)).fill(null)];
}

/** A rehype plugin that runs after sanitizing: labels invisible characters, also in code. */
export function labelInvisible() {
  return (tree: unknown) => label(tree as Node);
}

function label(parent: Node): void {
  parent.children = parent.children?.flatMap((child) => {
    if (child.type !== "text") {
      label(child);
      return [child];
    }
    return splitInvisible(child.value ?? "").map((part): Node => {
      if (!part.hidden) return text(part.text);
      const properties = { className: [INVISIBLE_CLASS], title: part.hidden };
      return { type: "element", tagName: "span", properties, children: [text(part.text)] };
    });
  });
}
