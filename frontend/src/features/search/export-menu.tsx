import { Download, LoaderCircle } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { explain, search } from "@/api";
import type { ExportFormat } from "@/api/types";
import { Button } from "@/ui/button";
import { saveFile } from "@/ui/file";
import { Menu, MenuItem, MenuLabel } from "@/ui/menu";
import { type SearchState, toRequest } from "./search-state";

const FORMATS: ReadonlyArray<[ExportFormat, string, string]> = [
  ["csv", "CSV for spreadsheets", "csv"],
  ["json", "JSON for programs", "json"],
  ["markdown", "Markdown for documents", "md"],
];
const MAX_EXPORTED = 1_000;

/** The results as a file: more of them than the page shows. */
export function ExportMenu({
  workflowId,
  state,
  disabled,
}: {
  workflowId: string;
  state: SearchState;
  disabled: boolean;
}) {
  const [busy, setBusy] = useState(false);
  const run = async (format: ExportFormat, extension: string) => {
    setBusy(true);
    try {
      const { file, name } = await search.export(toRequest(workflowId, state, MAX_EXPORTED), format);
      saveFile(file, name ?? `search.${extension}`);
    } catch (error) {
      toast.error("The results were not exported", { description: explain(error) });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Menu
      trigger={
        <Button disabled={disabled || busy} aria-label="Export the results">
          {busy ? <LoaderCircle className="animate-spin" /> : <Download />}
          <span className="hidden md:inline">Export</span>
        </Button>
      }
    >
      <MenuLabel>The results as a file, at most {MAX_EXPORTED.toLocaleString()}</MenuLabel>
      {FORMATS.map(([format, label, extension]) => (
        <MenuItem key={format} onSelect={() => void run(format, extension)}>
          {label}
        </MenuItem>
      ))}
    </Menu>
  );
}
