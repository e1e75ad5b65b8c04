// Runs before the first paint, so that a dark page does not flash white. The CSP forbids inline scripts.
(() => {
  let theme = null;
  try {
    theme = localStorage.getItem("callboard.theme");
  } catch {
    // Storage is blocked; the system's theme applies.
  }
  const dark = theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.classList.toggle("dark", dark);
})();
