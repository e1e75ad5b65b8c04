/** Turns ticket keys (TKT-1) in a text into links. */
import type { Element, ElementContent, Root } from "hast";
import { createContext } from "react";

export interface TicketLinks {
  /** The URL of a ticket; null if it does not exist. */
  href: (key: string) => string | null;
  open: (key: string) => void;
}

export const TicketLinksContext = createContext<TicketLinks | null>(null);

const KEY = /(?<![\w/-])#?(TKT-\d{1,12})(?![\w-])/g;
const SKIPPED = new Set(["a", "code", "pre"]);

/** A rehype plugin that runs after sanitizing. It adds only links with a ticket key. */
export function markTicketKeys() {
  return (tree: Root) => walk(tree);
}

function walk(parent: Root | Element): void {
  const children: ElementContent[] = [];
  for (const child of parent.children as ElementContent[]) {
    if (child.type === "text") children.push(...split(child.value));
    else {
      if (child.type === "element" && !SKIPPED.has(child.tagName)) walk(child);
      children.push(child);
    }
  }
  parent.children = children;
}

function split(text: string): ElementContent[] {
  const parts: ElementContent[] = [];
  let end = 0;
  for (const match of text.matchAll(KEY)) {
    if (match.index > end) parts.push({ type: "text", value: text.slice(end, match.index) });
    parts.push({
      type: "element",
      tagName: "a",
      properties: { dataTicketKey: match[1] },
      children: [{ type: "text", value: match[0] }],
    });
    end = match.index + match[0].length;
  }
  if (end === 0) return [{ type: "text", value: text }];
  if (end < text.length) parts.push({ type: "text", value: text.slice(end) });
  return parts;
}
