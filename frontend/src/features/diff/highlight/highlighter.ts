/** Asks the worker for the tokens of files, one after another, and keeps them. Files stay plain text if it fails. */
import type { DiffFile } from "../model/files";
import type { DiffLine } from "../model/parse";
import { type LineTokens, tokensOf } from "./tokens";
import type { HighlightAnswer, HighlightRequest } from "./worker";

/** Longer lines, as in minified files, and larger files are not highlighted. */
const MAX_LINE = 2_000;
const MAX_TEXT = 1_000_000;
/** A text that takes longer stops the worker; its file stays plain. */
const TIMEOUT_MS = 45_000;
const MAX_FAILURES = 3;

export class Highlighter {
  private worker: Worker | null = null;
  private readonly known = new WeakMap<DiffLine, Uint32Array>();
  private readonly done = new WeakSet<DiffFile>();
  private waiting: DiffFile[] = [];
  private active: { file: DiffFile; timer: ReturnType<typeof setTimeout> } | null = null;
  private failures = 0;
  private closed = false;

  /** `onFile` is called with the file that has been highlighted. */
  constructor(
    private readonly onFile: (file: DiffFile) => void,
    private readonly createWorker: () => Worker = startWorker,
  ) {}

  /** Asks for the files in sight, the first one first. Those asked for earlier that are out of sight are not done. */
  want(files: readonly DiffFile[]): void {
    this.waiting = files.filter((file) => !this.done.has(file) && file !== this.active?.file);
    this.next();
  }

  /** The tokens of a line; null if there are none (yet). */
  tokens(line: DiffLine): Uint32Array | null {
    return this.known.get(line) ?? null;
  }

  close(): void {
    this.closed = true;
    if (this.active) clearTimeout(this.active.timer);
    this.active = null;
    this.worker?.terminate();
    this.worker = null;
  }

  private next(): void {
    if (this.closed || this.active || this.failures >= MAX_FAILURES) return;
    const file = this.waiting.shift();
    if (!file) return;
    this.done.add(file);
    const texts = textsOf(file);
    if (!texts) {
      this.next();
      return;
    }
    try {
      this.worker ??= this.listen(this.createWorker());
    } catch {
      // The browser starts no worker.
      this.failures = MAX_FAILURES;
      return;
    }
    this.active = { file, timer: setTimeout(() => this.fail(), TIMEOUT_MS) };
    const request: HighlightRequest = { id: file.index, language: file.language, texts };
    this.worker.postMessage(request);
  }

  private listen(worker: Worker): Worker {
    worker.addEventListener("message", ({ data }: MessageEvent<HighlightAnswer>) => this.receive(data));
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.fail();
    });
    return worker;
  }

  private receive({ id, texts }: HighlightAnswer): void {
    const file = this.active?.file;
    if (this.closed || !this.active || !file || file.index !== id) return;
    clearTimeout(this.active.timer);
    this.active = null;
    file.hunks.forEach(({ lines }, i) => {
      this.keep(lines, texts[2 * i] ?? null, texts[2 * i + 1] ?? null);
    });
    this.onFile(file);
    this.next();
  }

  /** Keeps the tokens of a hunk's old and new lines. */
  private keep(lines: readonly DiffLine[], before: LineTokens | null, after: LineTokens | null): void {
    let old = 0;
    let fresh = 0;
    for (const line of lines) {
      const [text, place] = line.kind === "removed" ? [before, old] : [after, fresh];
      if (text) this.known.set(line, tokensOf(text, place));
      if (line.kind !== "added") old++;
      if (line.kind !== "removed") fresh++;
    }
  }

  private fail(): void {
    if (this.active) clearTimeout(this.active.timer);
    this.active = null;
    this.worker?.terminate();
    this.worker = null;
    this.failures++;
    this.next();
  }
}

function startWorker(): Worker {
  return new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
}

/** The old and the new text of each hunk; null for a file that is not highlighted. */
export function textsOf({ hunks, language, binary }: DiffFile): string[] | null {
  if (language === "text" || binary || hunks.length === 0) return null;
  let size = 0;
  for (const { lines } of hunks) {
    for (const { text } of lines) {
      size += text.length;
      if (text.length > MAX_LINE || size > MAX_TEXT) return null;
    }
  }
  return hunks.flatMap(({ lines }) => [
    // A hunk that removes nothing needs no old text.
    lines.some(({ kind }) => kind === "removed") ? join(lines, "added") : "",
    join(lines, "removed"),
  ]);
}

function join(lines: DiffFile["hunks"][number]["lines"], without: "added" | "removed"): string {
  return lines.flatMap(({ kind, text }) => (kind === without ? [] : [text])).join("\n");
}
