import { LOCALE } from "./locale";

const COUNT = new Intl.NumberFormat(LOCALE);

/** A number of things with separators, such as `2,403`. Faster than `toLocaleString`, which makes a format each time. */
export const formatCount = (count: number): string => COUNT.format(count);

/** "1 ticket", "2,403 tickets". */
export function plural(count: number, noun: string, nouns = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : nouns}`;
}
