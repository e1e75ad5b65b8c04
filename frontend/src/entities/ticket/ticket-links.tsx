/** Turns ticket keys in people's text into links to those tickets. */
import type { Element, ElementContent, Root } from "hast";
import { createContext } from "react";

export interface TicketLinks {
  /** Where a key leads; null when there is no such ticket. */
  href: (key: string) => string | null;
  open: (key: string) => void;
}

export const TicketLinksContext = createContext<TicketLinks | null>(null);

const KEY = /(?<![\w/-])#?(TKT-\d{1,12})(?![\w-])/g;
const LEFT_ALONE = new Set(["a", "code", "pre"]);

/** A rehype plugin. It runs after sanitizing, and makes nothing but links that carry a key. */
export function markTicketKeys() {
  return (tree: Root) => walk(tree);
}

function walk(parent: Root | Element): void {
  const children: ElementContent[] = [];
  for (const child of parent.children as ElementContent[]) {
    if (child.type === "text") children.push(...split(child.value));
    else {
      if (child.type === "element" && !LEFT_ALONE.has(child.tagName)) walk(child);
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
