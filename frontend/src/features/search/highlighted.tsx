/**
 * Highlighted search matches. The server sends HTML that contains only `<mark>` and escaped characters. It is split into
 * text segments, so that any other markup is shown as text and never executed.
 */
import { memo } from "react";
import { VisibleText } from "@/ui/invisible";

export interface Segment {
  text: string;
  marked: boolean;
}

const NAMED_ENTITIES: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'", nbsp: "\u00a0" };

export function segments(html: string): Segment[] {
  const found: Segment[] = [];
  let marked = false;
  for (const part of html.split(/(<\/?mark>)/)) {
    if (part === "<mark>") marked = true;
    else if (part === "</mark>") marked = false;
    else if (part !== "") found.push({ text: unescapeHtml(part), marked });
  }
  return found;
}

function unescapeHtml(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,6}));/gi, (whole, decimal, hex, name) => {
    if (name) return NAMED_ENTITIES[String(name).toLowerCase()] ?? whole;
    const code = decimal ? Number.parseInt(decimal, 10) : Number.parseInt(hex, 16);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** The text without highlights. */
export function plainText(html: string): string {
  return segments(html)
    .map(({ text }) => text)
    .join("");
}

/** Markdown syntax, removed from snippets. */
const MARKDOWN_SYNTAX = /(?:(?<=^|\s)(?:#{1,6}|[-*+]|>|\d+\.)(?=\s))|`+|\*\*|(?<=^|\s)__|__(?=\s|$)/g;

interface Props {
  html: string;
  /** The text is a Markdown snippet, shown as plain text. */
  snippet?: boolean;
}

export const Highlighted = memo(function Highlighted({ html, snippet }: Props) {
  let at = 0;
  return segments(snippet ? html.replace(MARKDOWN_SYNTAX, "") : html).map(({ text, marked }) => {
    const key = at;
    at += text.length;
    if (!marked) return <VisibleText key={key} text={text} />;
    return (
      <mark key={key} className="rounded-[3px] bg-mark px-px text-foreground">
        <VisibleText text={text} />
      </mark>
    );
  });
});
