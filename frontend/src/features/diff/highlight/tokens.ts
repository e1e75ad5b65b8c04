/** Turns highlighted text into tokens of lines, as the worker sends them. Pure. */
import type { ElementContent, Root } from "hast";

/** The classes of tokens: their place is their number, and 0 is plain text. */
export const TOKEN_CLASSES = ["", "keyword", "string", "number", "comment", "title", "type", "attr", "meta"] as const;

const CLASS_OF: Record<string, (typeof TOKEN_CLASSES)[number]> = {
  keyword: "keyword",
  operator: "keyword",
  "selector-tag": "keyword",
  name: "keyword",
  section: "keyword",
  string: "string",
  regexp: "string",
  char: "string",
  link: "string",
  quote: "string",
  addition: "string",
  number: "number",
  literal: "number",
  symbol: "number",
  bullet: "number",
  comment: "comment",
  deletion: "comment",
  doctag: "comment",
  title: "title",
  strong: "title",
  type: "type",
  built_in: "type",
  "selector-class": "type",
  "selector-id": "type",
  "template-tag": "type",
  attr: "attr",
  attribute: "attr",
  property: "attr",
  variable: "attr",
  "template-variable": "attr",
  params: "",
  meta: "meta",
  "selector-pseudo": "meta",
  "selector-attr": "meta",
};

/** Tokens of all lines, one after another, and where those of each line begin. */
export interface LineTokens {
  /** Three numbers for each token: begin and end within the line, and class. */
  tokens: Uint32Array<ArrayBuffer>;
  /** For each line, where its tokens begin; one more for the end. */
  starts: Uint32Array<ArrayBuffer>;
}

export function toLineTokens(root: Root): LineTokens {
  const tokens: number[] = [];
  const starts: number[] = [0];
  let column = 0;
  const visit = (nodes: readonly (ElementContent | Root["children"][number])[], token: number) => {
    for (const node of nodes) {
      if (node.type === "element") visit(node.children, classOf(node.properties.className) ?? token);
      else if (node.type === "text") {
        let from = 0;
        for (;;) {
          const end = node.value.indexOf("\n", from);
          const length = (end < 0 ? node.value.length : end) - from;
          if (token > 0 && length > 0) tokens.push(column, column + length, token);
          column += length;
          if (end < 0) break;
          starts.push(tokens.length);
          column = 0;
          from = end + 1;
        }
      }
    }
  };
  visit(root.children, 0);
  starts.push(tokens.length);
  return { tokens: Uint32Array.from(tokens), starts: Uint32Array.from(starts) };
}

/** The number of a class such as `hljs-keyword`; undefined for one that is not drawn. */
function classOf(names: unknown): number | undefined {
  if (!Array.isArray(names)) return undefined;
  for (const name of names) {
    const known = typeof name === "string" ? CLASS_OF[name.replace(/^hljs-/, "")] : undefined;
    if (known !== undefined) return TOKEN_CLASSES.indexOf(known);
  }
  return undefined;
}

/** The tokens of one line. */
export function tokensOf({ tokens, starts }: LineTokens, line: number): Uint32Array {
  return tokens.subarray(starts[line] ?? 0, starts[line + 1] ?? 0);
}
