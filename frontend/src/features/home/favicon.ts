/** The icon of the tab, with a number where something needs the user. */

const ICON = "/favicon.svg";
/** The same drawing as public/favicon.svg. */
const BOARD =
  '<rect width="32" height="32" rx="8" fill="#4f46e5"/><rect x="7" y="8" width="5" height="16" rx="1.5" fill="#fff"/>' +
  '<rect x="13.5" y="8" width="5" height="11" rx="1.5" fill="#fff" opacity=".8"/>' +
  '<rect x="20" y="8" width="5" height="7" rx="1.5" fill="#fff" opacity=".6"/>';

/** The address of the icon for a count: the plain one for 0, a dot above 9. */
export function faviconFor(count: number): string {
  if (count <= 0) return ICON;
  const number =
    count > 9
      ? ""
      : `<text x="23" y="27.5" text-anchor="middle" font-family="sans-serif" font-size="13" font-weight="700" fill="#fff">${count}</text>`;
  const badge = `<circle cx="23" cy="23" r="9" fill="#dc2626" stroke="#fff" stroke-width="1.5"/>${number}`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${BOARD}${badge}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

export function setFavicon(count: number): void {
  const link = document.querySelector<HTMLLinkElement>("link[rel=icon]");
  const href = faviconFor(count);
  if (link && link.getAttribute("href") !== href) link.setAttribute("href", href);
}
