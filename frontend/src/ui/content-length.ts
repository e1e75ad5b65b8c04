/** The length by which minimum lengths are counted, as logic.content_length of the server does. Pure. */

const INVISIBLE = /[\p{C}\p{Z}\p{Mn}\p{Default_Ignorable_Code_Point}\u2800]/gu;
const WIDE =
  /[\u1100-\u11ff\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3ffff}]/u;

/**
 * Visible characters and the blanks between them; a wide one (Chinese, Japanese, Korean) counts as three, because it
 * says as much.
 */
export function contentLength(text: string): number {
  if (text.replace(INVISIBLE, "") === "") return 0;
  const marked = text.trim().replace(/[ \t\n\r\f\v]/g, "_");
  let length = 0;
  for (const character of marked.replace(INVISIBLE, "")) {
    length += WIDE.test(character) ? 3 : 1;
  }
  return length;
}
