/**
 * Characters that a person does not see but an agent reads: bidirectional controls, zero-width and filler characters,
 * tags. They are shown by their code point, so that what is approved is what is executed.
 */
import { Fragment, type ReactNode } from "react";

/** Selectors and joiners that belong to an emoji, an ideograph or a script whose letters join. */
const LEGITIMATE = [
  String.raw`[0-9#*]\uFE0F\u20E3`,
  String.raw`\p{Extended_Pictographic}[\uFE0E\uFE0F]?\p{Emoji_Modifier}?(?:\u200D\p{Extended_Pictographic}[\uFE0E\uFE0F]?\p{Emoji_Modifier}?)*`,
  String.raw`\p{Script=Han}[\uFE00-\uFE02\u{E0100}-\u{E01EF}]`,
  String.raw`(?<=[\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Tamil}\p{Script=Kannada}\p{Script=Telugu}])[\u200C\u200D](?=[\p{L}\p{M}])`,
].join("|");

/** Everything of the Unicode categories Cc and Cf but tab and line breaks, fillers, selectors and separators. */
const INVISIBLE = String.raw`(?![\t\n\r])[\p{Cc}\p{Cf}\u034F\u115F\u1160\u17B4\u17B5\u2028\u2029\u2800\u3164\uFFA0\p{Variation_Selector}]`;

const PARTS = new RegExp(`${LEGITIMATE}|(?<hidden>${INVISIBLE})`, "gu");

const NAMES: Record<number, string> = {
  173: "soft hyphen",
  8203: "zero width space",
  8204: "zero width non-joiner",
  8205: "zero width joiner",
  8206: "left-to-right mark",
  8207: "right-to-left mark",
  8234: "left-to-right embedding",
  8235: "right-to-left embedding",
  8236: "pop directional formatting",
  8237: "left-to-right override",
  8238: "right-to-left override",
  8294: "left-to-right isolate",
  8295: "right-to-left isolate",
  8296: "first strong isolate",
  8297: "pop directional isolate",
  65279: "zero width no-break space",
};

export interface TextPart {
  text: string;
  /** The name of the invisible character that this part stands for. */
  hidden?: string;
}

/** Splits a text at invisible characters, which are replaced by labels such as `U+202E`. */
export function splitInvisible(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  for (const match of text.matchAll(PARTS)) {
    const hidden = match.groups?.hidden;
    if (hidden === undefined) continue;
    if (match.index > end) parts.push({ text: text.slice(end, match.index) });
    const code = hidden.codePointAt(0) ?? 0;
    const tag =
      code >= 0xe0020 && code <= 0xe007e ? `tag character ${String.fromCodePoint(code - 0xe0000)}` : undefined;
    const name = NAMES[code] ?? tag ?? "invisible character";
    parts.push({ text: `U+${code.toString(16).toUpperCase().padStart(4, "0")}`, hidden: name });
    end = match.index + hidden.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}

/** The class of a label, which `styles.css` draws. */
export const INVISIBLE_CLASS = "invisible-character";

/** A plain text in which invisible characters are shown by their code points. */
export function VisibleText({ text }: { text: string }): ReactNode {
  let at = 0;
  return splitInvisible(text).map((part) => {
    const key = at;
    at += part.text.length;
    if (!part.hidden) return <Fragment key={key}>{part.text}</Fragment>;
    return (
      <span key={key} className={INVISIBLE_CLASS} title={part.hidden}>
        {part.text}
      </span>
    );
  });
}
