import { toast } from "sonner";

/** Puts a text on the clipboard and says so; also where the page came without encryption, and browsers lend none. */
export async function copyText(text: string, done = "Copied"): Promise<void> {
  const copied = await write(text).catch(() => false);
  if (copied) toast.success(done);
  else toast.error("The browser does not let this page copy", { description: "Select the text and copy it by hand." });
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
  // Beside the button: an open dialog keeps the focus to itself.
  (before?.parentElement ?? document.body).append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  before?.focus();
  return copied;
}
