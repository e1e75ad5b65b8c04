/** The page is written in English, whatever the browser's language: times, dates and numbers are too. */

/** The reader's own English, with its order of a date; otherwise British English, whose clock has 24 hours. */
export function englishOf(languages: readonly string[]): string {
  return languages.find((language) => /^en(-|$)/i.test(language)) ?? "en-GB";
}

export const LOCALE = englishOf(typeof navigator === "undefined" ? [] : (navigator.languages ?? []));
