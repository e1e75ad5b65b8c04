/**
 * Which shortcut a pressed key means, on any keyboard layout. A key means the character that it writes; where that is no
 * Latin letter and no shortcut, it means the character at its position on a US keyboard. So `n` works on a Cyrillic layout,
 * `1` works on AZERTY, whose digits need Shift, and an AZERTY `a` does not become the `q` of its position.
 */

type Pressed = Pick<KeyboardEvent, "key" | "code" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey"> & {
  getModifierState?: (name: "AltGraph") => boolean;
};

/** The characters of keys other than letters and digits, without and with Shift. */
const POSITIONS: Record<string, string> = {
  Backquote: "`~",
  Minus: "-_",
  Equal: "=+",
  BracketLeft: "[{",
  BracketRight: "]}",
  Backslash: "\\|",
  Semicolon: ";:",
  Quote: "'\"",
  Comma: ",<",
  Period: ".>",
  Slash: "/?",
};
const SHIFTED_DIGITS = ")!@#$%^&*(";

/** The shortcut of `known` that a key press means. `Mod+` stands for Ctrl or, on a Mac, Command. */
export function shortcutOf(event: Pressed, known: (name: string) => boolean): string | null {
  // AltGr writes characters such as [ on many layouts, and counts as Ctrl and Alt on Windows.
  const writes = event.getModifierState?.("AltGraph") === true && event.key.length === 1;
  const mod = !writes && (event.ctrlKey || event.metaKey);
  if (event.altKey && !writes) return null;
  const prefix = mod ? "Mod+" : "";
  for (const name of names(event)) if (known(prefix + name)) return prefix + name;
  return null;
}

function names({ key, code, shiftKey }: Pressed): string[] {
  if (key.length > 1 && key !== "Dead" && key !== "Unidentified" && key !== "Process") return [key];
  if (/^[a-z]$/i.test(key)) return [shiftKey ? key.toUpperCase() : key.toLowerCase()];
  const position = characterAt(code, shiftKey);
  return position === null ? [key] : [key, position];
}

function characterAt(code: string, shiftKey: boolean): string | null {
  const letter = /^Key([A-Z])$/.exec(code)?.[1];
  if (letter) return shiftKey ? letter : letter.toLowerCase();
  const digit = /^Digit(\d)$/.exec(code)?.[1];
  if (digit) return shiftKey ? (SHIFTED_DIGITS[Number(digit)] ?? null) : digit;
  return POSITIONS[code]?.[shiftKey ? 1 : 0] ?? null;
}

const NAMES: Record<string, string> = {
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  Escape: "Esc",
  Mod: /mac|iphone|ipad/i.test(typeof navigator === "undefined" ? "" : navigator.userAgent) ? "⌘" : "Ctrl",
};

/** The keys of a shortcut as they are shown: "Mod+k" is Ctrl and K. */
export function keyLabels(name: string): string[] {
  if (name === "+") return ["+"];
  return name.split("+").map((part) => NAMES[part] ?? (part.length === 1 ? part.toUpperCase() : part));
}
