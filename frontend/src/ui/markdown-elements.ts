/** What a reader needs of elements of a rendered text: the direction of each block, and the name of each check box. */

interface Node {
  type: string;
  children?: Node[];
  value?: string;
  tagName?: string;
  properties?: Record<string, unknown>;
}

const BLOCKS = new Set(["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "table", "td", "th"]);
const MAX_NAME_LENGTH = 120;

/** A rehype plugin that runs after sanitizing. Each block has the direction of its own text. */
export function describeElements() {
  return (tree: unknown) => describe(tree as Node, null);
}

function describe(node: Node, item: Node | null): void {
  const { tagName } = node;
  if (tagName && BLOCKS.has(tagName)) node.properties = { ...node.properties, dir: "auto" };
  if (tagName === "input" && item) node.properties = { ...node.properties, ariaLabel: nameOf(item) };
  for (const child of node.children ?? []) describe(child, tagName === "li" ? node : item);
}

/** The text of an item of a task list, without the lists below it. */
function nameOf(item: Node): string {
  const text = (node: Node): string =>
    node.value ??
    (node.children ?? [])
      .filter(({ tagName }) => tagName !== "ul" && tagName !== "ol")
      .map(text)
      .join("");
  return text(item).replace(/\s+/g, " ").trim().slice(0, MAX_NAME_LENGTH) || "Task";
}
