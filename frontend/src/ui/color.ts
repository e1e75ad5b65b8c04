/** A color from a board's configuration as CSS. Only hex colors are accepted, because the value is user input. */
export function cssColor(color: string | null | undefined): string {
  return color && /^#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i.test(color) ? color : "#8b8f98";
}
