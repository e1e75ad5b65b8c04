/** The state of an import: the chosen file, its preview, the choices, and what was done. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { imports } from "@/api";
import { useMembers } from "@/api/hooks";
import { queryKeys } from "@/api/query-keys";
import type { ImportAnswer, ImportPreview, ImportRequest } from "@/api/types";
import { type Choices, noChoices, recallChoices, rememberChoices, toMapping, validChoices } from "./choices";
import { importError } from "./messages";
import { type ChosenFile, toUpload, type Upload } from "./read-files";

export type FormatId = NonNullable<ImportRequest["format"]>;

/** An import that was carried out or tried. */
export interface Done {
  answer: ImportAnswer;
  file: string;
  update: boolean;
  at: string;
}

export type ImportState = ReturnType<typeof useImport>;

export function useImport(workflowId: string, maxBytes = 0) {
  const queries = useQueryClient();
  const members = useMembers(workflowId).data;
  const [format, setFormat] = useState<FormatId | null>(null);
  const [upload, setUpload] = useState<Upload | null>(null);
  const [reading, setReading] = useState(false);
  const [readError, setReadError] = useState<string | null>(null);
  const [preview, setPreview] = useState<ImportPreview | null>(null);
  const [choices, setChoices] = useState<Choices>(noChoices);
  const [recalled, setRecalled] = useState(false);
  const [update, setUpdate] = useState(false);
  const [strict, setStrict] = useState(false);
  const [running, setRunning] = useState<"try" | "import" | null>(null);
  const [runError, setRunError] = useState<string | null>(null);
  const [tried, setTried] = useState<Done | null>(null);
  const [done, setDone] = useState<Done | null>(null);
  /** Answers about a file that was replaced meanwhile are dropped. */
  const latest = useRef(0);

  useWarningBeforeLeaving(running === "import");

  const load = async (next: Upload, nextFormat: FormatId | null) => {
    const number = ++latest.current;
    setReading(true);
    setReadError(null);
    setPreview(null);
    setTried(null);
    setRunError(null);
    try {
      const { file_name, content_base64 } = next;
      const found = await imports.preview(workflowId, {
        file_name,
        content_base64,
        ...(nextFormat ? { format: nextFormat } : {}),
      });
      if (number !== latest.current) return;
      const known = validChoices(recallChoices(workflowId, found.format), found, members);
      setChoices(known);
      setRecalled(Object.values(known).some((list) => Object.keys(list).length > 0));
      setUpdate(false);
      setPreview(found);
    } catch (error) {
      if (number === latest.current) setReadError(importError(error, next.label));
    } finally {
      if (number === latest.current) setReading(false);
    }
  };

  return {
    format,
    upload,
    reading,
    readError,
    preview,
    previewNumber: latest.current,
    members: members ?? [],
    choices,
    recalled,
    update,
    strict,
    running,
    runError,
    tried,
    done,
    setFormat: (next: FormatId | null) => {
      setFormat(next);
      if (upload) void load(upload, next);
    },
    setFiles: async (chosen: readonly ChosenFile[]) => {
      if (chosen.length === 0) return;
      const number = ++latest.current;
      setReading(true);
      setReadError(null);
      try {
        const next = await toUpload(chosen, maxBytes);
        if (number !== latest.current) return;
        setUpload(next);
        await load(next, format);
      } catch (error) {
        if (number !== latest.current) return;
        setReadError(error instanceof Error ? error.message : "The file cannot be read.");
        setReading(false);
      }
    },
    setChoices: (next: Choices) => {
      setChoices(next);
      setTried(null);
      setRunError(null);
    },
    setUpdate: (next: boolean) => {
      setUpdate(next);
      setTried(null);
    },
    setStrict: (next: boolean) => {
      setStrict(next);
      setRunError(null);
    },
    run: async (dry_run: boolean) => {
      if (!upload || !preview || running) return;
      setRunning(dry_run ? "try" : "import");
      setRunError(null);
      try {
        const { file_name, content_base64, label } = upload;
        const answer = await imports.run(workflowId, {
          file_name,
          content_base64,
          format: preview.format,
          mapping: toMapping(choices),
          update,
          strict,
          dry_run,
        });
        const result = { answer, file: label, update, at: new Date().toISOString() };
        if (dry_run) {
          setTried(result);
          return;
        }
        rememberChoices(workflowId, preview.format, choices);
        setDone(result);
        void queries.invalidateQueries({ queryKey: queryKeys.workflows });
      } catch (error) {
        setRunError(importError(error, upload.label));
      } finally {
        setRunning(null);
      }
    },
    startAgain: () => {
      latest.current += 1;
      setUpload(null);
      setPreview(null);
      setReadError(null);
      setTried(null);
      setDone(null);
    },
  };
}

/** The report of a running import would be lost with the page; the import itself would not. */
function useWarningBeforeLeaving(active: boolean): void {
  useEffect(() => {
    if (!active) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [active]);
}
