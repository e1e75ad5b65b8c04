/** The files that somebody picks or drops, and how they are sent. */
import { LOCALE } from "@/ui/locale";
import { zip } from "./zip";

/** A chosen file, with its folders below the one that was chosen. */
export interface ChosenFile {
  name: string;
  file: File;
}

/** What is sent: one file as it is, or an archive of several. */
export interface Upload {
  /** What the page and error messages call it. */
  label: string;
  file_name: string;
  content_base64: string;
}

/** As on the server: other files hold no tickets. */
const TEXT_ENDINGS = [".csv", ".json", ".jsonl", ".md", ".txt", ".tsv"];
const MAX_FILES = 20_000;
/** Larger files are sent in an archive, which is several times smaller. */
const COMPRESS_FROM = 1 << 20;

const isText = (name: string) => TEXT_ENDINGS.some((ending) => name.toLowerCase().endsWith(ending));
/** Without a hidden folder that was chosen itself, such as `.beads`: the server skips hidden folders of an archive. */
const below = (name: string) => name.replace(/^\.[^/]+\//, "");
const isHidden = (name: string) =>
  below(name)
    .split("/")
    .some((part) => part.startsWith("."));

/** The files of an input; of a folder, with their paths. */
export function filesOfInput(list: Iterable<File>): ChosenFile[] {
  return [...list].map((file) => ({ name: file.webkitRelativePath || file.name, file }));
}

/** Dropped files and the content of dropped folders. */
export async function filesOfDrop(items: DataTransferItemList): Promise<ChosenFile[]> {
  // The list is empty after the first pause.
  const entries = [...items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  const found: ChosenFile[] = [];
  for (const entry of entries) await collect(entry, found);
  return found;
}

async function collect(entry: FileSystemEntry, found: ChosenFile[]): Promise<void> {
  // One more than allowed, so that it is noticed.
  if (found.length > MAX_FILES) return;
  const name = entry.fullPath.replace(/^\//, "");
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    found.push({ name, file });
    return;
  }
  if (name.includes("/") && isHidden(name)) return;
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // A reader answers in pieces, and with none at the end.
  for (;;) {
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return;
    for (const child of entries) await collect(child, found);
  }
}

/** The upload of the chosen files. Fails with a sentence if they cannot be imported, whatever their content. */
export async function toUpload(chosen: readonly ChosenFile[], maxBytes: number): Promise<Upload> {
  const [first] = chosen;
  if (!first) throw new Error("The folder is empty.");
  if (chosen.length === 1 && (first.file.size <= COMPRESS_FROM || !isText(first.name))) {
    return within(maxBytes, { label: first.name, file_name: first.name, content_base64: await toBase64(first.file) });
  }
  const readable = chosen.filter(({ name }) => isText(name) && !isHidden(name));
  if (readable.length === 0) {
    throw new Error(`None of the ${chosen.length.toLocaleString(LOCALE)} files is one of ${TEXT_ENDINGS.join(", ")}.`);
  }
  if (readable.length > MAX_FILES) throw new Error(`There are more than ${MAX_FILES.toLocaleString(LOCALE)} files.`);
  const files = await Promise.all(
    readable.map(async ({ name, file }) => ({ name: below(name), bytes: new Uint8Array(await file.arrayBuffer()) })),
  );
  const label =
    chosen.length === 1 ? first.name : `${labelOf(readable)} (${readable.length.toLocaleString(LOCALE)} files)`;
  return within(maxBytes, { label, file_name: "files.zip", content_base64: await toBase64(await zip(files)) });
}

/** The common folder, or the first file. */
function labelOf(files: readonly ChosenFile[]): string {
  const folders = new Set(files.map(({ name }) => (name.includes("/") ? name.split("/")[0] : "")));
  const [folder] = folders;
  return folders.size === 1 && folder ? folder : (files[0]?.name ?? "");
}

/** Space for the other members of a request: names and mappings. */
const OVERHEAD = 100_000;

function within(maxBytes: number, upload: Upload): Upload {
  if (upload.content_base64.length + OVERHEAD <= maxBytes) return upload;
  const megabytes = (bytes: number) => Math.max(1, Math.floor(bytes / (1 << 20)));
  throw new Error(
    `${upload.label} is too large for the browser: ${megabytes(upload.content_base64.length * 0.75)} MB, compressed if that helps, of at most ${megabytes(maxBytes * 0.75)} MB. Import it on the server with “callboard import”.`,
  );
}

async function toBase64(content: Blob): Promise<string> {
  const url = await new Promise<string>((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () =>
      reject(new Error("The file cannot be read. It may have been moved or changed: choose it again."));
    reader.readAsDataURL(content);
  });
  return url.slice(url.indexOf(",") + 1);
}
