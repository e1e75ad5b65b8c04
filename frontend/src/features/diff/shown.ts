/** Longer lines, as in minified files, are cut off; the patch holds them whole. */
export const MAX_SHOWN = 2_000;
