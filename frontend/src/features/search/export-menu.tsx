import { Download, LoaderCircle } from "lucide-react";
import { useState } from "react";
import { explain, search } from "@/api";
import type { ExportFormat } from "@/api/types";
import { Button } from "@/ui/button";
import { downloadFile } from "@/ui/download";
import { LOCALE } from "@/ui/locale";
import { Menu, MenuItem, MenuLabel } from "@/ui/menu";
import { toast } from "@/ui/toast";
import { type SearchState, toRequest } from "./search-state";

const FORMATS: ReadonlyArray<[ExportFormat, string, string]> = [
  ["csv", "CSV", "csv"],
  ["json", "JSON", "json"],
  ["markdown", "Markdown", "md"],
];
const MAX_EXPORTED = 1_000;

/** Downloads the results, including those beyond the page. */
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
      downloadFile(file, name ?? `search.${extension}`);
    } catch (error) {
      toast.error("Could not export the results", { description: explain(error) });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Menu
      trigger={
        <Button disabled={disabled || busy} aria-label="Export results">
          {busy ? <LoaderCircle className="animate-spin" /> : <Download />}
          <span className="hidden md:inline">Export</span>
        </Button>
      }
    >
      <MenuLabel>Up to {MAX_EXPORTED.toLocaleString(LOCALE)} results</MenuLabel>
      {FORMATS.map(([format, label, extension]) => (
        <MenuItem key={format} onSelect={() => void run(format, extension)}>
          {label}
        </MenuItem>
      ))}
    </Menu>
  );
}
