// Runs before the first paint, so that a dark page never flashes white. A file, not an inline script, because of the CSP.
(() => {
  let choice = null;
  try {
    choice = localStorage.getItem("callboard.theme");
  } catch {
    // Storage may be refused; the system's choice holds then.
  }
  const dark = choice === "dark" || (choice !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.classList.toggle("dark", dark);
})();
