/** Highlights code in a thread of its own, so that scrolling never waits for it. */
import { createLowlight } from "lowlight";
import { aliases, languages } from "./languages";
import { type LineTokens, toLineTokens } from "./tokens";

export interface HighlightRequest {
  id: number;
  language: string;
  /** Texts that are highlighted each for itself. */
  texts: string[];
}

/** The tokens of each text; null if it could not be highlighted. */
export interface HighlightAnswer {
  id: number;
  texts: (LineTokens | null)[];
}

const lowlight = createLowlight(languages);

addEventListener("message", ({ data }: MessageEvent<HighlightRequest>) => {
  const language = aliases[data.language] ?? data.language;
  const texts = data.texts.map((text) => {
    try {
      return toLineTokens(lowlight.highlight(language, text));
    } catch {
      return null;
    }
  });
  const buffers = texts.flatMap((lines) => (lines ? [lines.tokens.buffer, lines.starts.buffer] : []));
  const answer: HighlightAnswer = { id: data.id, texts };
  (postMessage as (message: HighlightAnswer, transfer: Transferable[]) => void)(answer, buffers);
});
