import { toast } from "./toast";

/** Copies a text and shows a toast. On plain HTTP there is no clipboard API, so a hidden field is copied instead. */
export async function copyText(text: string, done = "Copied"): Promise<void> {
  const copied = await write(text).catch(() => false);
  if (copied) toast.success(done);
  else toast.error("Copying is blocked by the browser", { description: "Select the text and copy it manually." });
}

async function write(text: string): Promise<boolean> {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return true;
  }
  const before = document.activeElement instanceof HTMLElement ? document.activeElement : null;
  const field = document.createElement("textarea");
  field.value = text;
  field.setAttribute("aria-hidden", "true");
  field.className = "fixed top-0 left-0 opacity-0";
  // Next to the button, because an open dialog traps the focus.
  (before?.parentElement ?? document.body).append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  before?.focus();
  return copied;
}
