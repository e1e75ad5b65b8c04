import { LOCALE } from "./locale";

/** "1 ticket", "2,403 tickets". */
export function plural(count: number, noun: string, nouns = `${noun}s`): string {
  return `${count.toLocaleString(LOCALE)} ${count === 1 ? noun : nouns}`;
}
