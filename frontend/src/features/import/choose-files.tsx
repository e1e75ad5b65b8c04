import { FileUp, FolderUp, LoaderCircle } from "lucide-react";
import { type DragEvent, useRef, useState } from "react";
import type { ImportFormat } from "@/api/types";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { Field, NativeSelect } from "@/ui/field";
import { Notice } from "@/ui/states";
import { type ChosenFile, filesOfDrop, filesOfInput } from "./read-files";
import type { FormatId } from "./use-import";

interface Props {
  formats: readonly ImportFormat[];
  /** Null for what the content looks like. */
  format: FormatId | null;
  /** The file that is shown below. */
  file: string | null;
  busy: boolean;
  disabled: boolean;
  error: string | null;
  onFormat: (format: FormatId | null) => void;
  onFiles: (files: ChosenFile[]) => void;
}

/** Formats that are exported as a folder. */
const FOLDERS: readonly FormatId[] = ["backlog_md", "vibe_kanban"];

export function ChooseFiles({ formats, format, file, busy, disabled, error, onFormat, onFiles }: Props) {
  const [over, setOver] = useState(false);
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const chosen = formats.find(({ id }) => id === format);
  const drop = async (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    if (!disabled) onFiles(await filesOfDrop(event.dataTransfer.items));
  };
  const pick = (input: HTMLInputElement) => {
    onFiles(filesOfInput(input.files ?? []));
    // So that the same file can be chosen again after it was corrected.
    input.value = "";
  };
  return (
    <section aria-label="File" className="grid gap-3">
      <Field
        label="Format"
        hint={
          chosen ? `Export in ${chosen.tool}: ${chosen.how_to_export}` : "Choose the tool to see how to export there."
        }
      >
        {(control) => (
          <NativeSelect
            {...control}
            className="max-w-72"
            value={format ?? ""}
            disabled={disabled}
            onChange={(event) => onFormat((event.target.value || null) as FormatId | null)}
          >
            <option value="">Recognize by content</option>
            {formats.map(({ id, tool }) => (
              <option key={id} value={id}>
                {tool}
              </option>
            ))}
          </NativeSelect>
        )}
      </Field>
      {/* Dropping is a shortcut for the buttons. */}
      <fieldset
        aria-label="Drop files here"
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => void drop(event)}
        className={cn(
          "flex flex-col items-center gap-3 rounded-xl border border-border-strong border-dashed bg-surface px-4 text-center",
          file ? "py-4" : "py-10",
          over && !disabled && "border-primary bg-accent",
        )}
      >
        <p className="min-w-0 max-w-full" aria-live="polite">
          {busy ? (
            <span className="inline-flex items-center gap-2 text-muted-foreground">
              <LoaderCircle className="size-4 animate-spin" aria-hidden="true" /> Reading the file…
            </span>
          ) : file ? (
            <span className="break-all font-medium">{file}</span>
          ) : (
            <span className="text-muted-foreground">
              Drop the exported file here: CSV, JSON, JSONL, a ZIP archive or a folder.
            </span>
          )}
        </p>
        <div className="flex flex-wrap justify-center gap-2">
          <Button disabled={disabled} onClick={() => files.current?.click()}>
            <FileUp /> {file ? "Choose another file" : "Choose files"}
          </Button>
          {(!format || FOLDERS.includes(format)) && (
            <Button variant="ghost" disabled={disabled} onClick={() => folder.current?.click()}>
              <FolderUp /> Choose a folder
            </Button>
          )}
        </div>
        <input
          ref={files}
          type="file"
          multiple
          hidden
          aria-label="Files to import"
          onChange={(event) => pick(event.target)}
        />
        <input
          ref={folder}
          type="file"
          hidden
          aria-label="Folder to import"
          // Not in React's types.
          {...{ webkitdirectory: "" }}
          onChange={(event) => pick(event.target)}
        />
      </fieldset>
      {error && (
        <Notice tone="danger">
          <p className="break-words">{error}</p>
          <p>Nothing was imported.</p>
        </Notice>
      )}
    </section>
  );
}
