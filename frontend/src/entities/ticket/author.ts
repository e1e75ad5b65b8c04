/** The author of a commit without the email address; null if it is not known. */
export function authorOf(author: string | null): string | null {
  return author?.replace(/\s*<[^>]*>$/, "") || null;
}
