import { useQuery } from "@tanstack/react-query";
import { ChevronDown, Download, Upload } from "lucide-react";
import { useRef, useState } from "react";
import { workflows } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { BoardConfig } from "@/api/types";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { downloadFile } from "@/ui/download";
import { Menu, MenuItem, MenuLabel } from "@/ui/menu";
import { plural } from "@/ui/plural";
import { toast } from "@/ui/toast";
import { toConfig } from "./board-change";
import { type BoardPlan, boardFile, fileName, MAX_FILE_LENGTH, readBoardFile } from "./board-file";
import type { Draft } from "./draft";
import type { Fault } from "./problems";
import type { Replacement } from "./replace-dialog";

interface Props {
  draft: Draft;
  /** The name of the workflow, for the file. */
  workflow: string;
  /** Whether the draft can be exported: it has no faults. */
  valid: boolean;
  disabled: boolean;
  onReplace: (replacement: Replacement) => void;
}

/** Templates, and the board as a file. */
export function EditorActions({ draft, workflow, valid, disabled, onReplace }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [refused, setRefused] = useState<{ name: string; faults: Fault[] } | null>(null);
  const exportBoard = () => {
    if (!valid) {
      toast.error("Correct the board before you export it");
      return;
    }
    downloadFile(new Blob([boardFile(toConfig(draft))], { type: "application/json" }), fileName(workflow));
  };
  const read = async (file: File) => {
    // A character takes at most four bytes.
    const text = file.size > MAX_FILE_LENGTH * 4 ? "x".repeat(MAX_FILE_LENGTH + 1) : await file.text();
    const result = readBoardFile(text);
    if ("faults" in result) setRefused({ name: file.name, faults: result.faults });
    else onReplace({ title: `Import ${file.name}`, ...result });
  };
  return (
    <div className="flex flex-wrap gap-2">
      {!disabled && <TemplateMenu onReplace={onReplace} />}
      {!disabled && (
        <Button onClick={() => input.current?.click()}>
          <Upload /> Import…
        </Button>
      )}
      <Button onClick={exportBoard}>
        <Download /> Export
      </Button>
      <input
        ref={input}
        type="file"
        accept=".json,application/json"
        hidden
        aria-label="Board file to import"
        onChange={(event) => {
          const file = event.target.files?.[0];
          // So that the same file can be chosen again after it was corrected.
          event.target.value = "";
          if (file) void read(file).catch(() => setRefused({ name: file.name, faults: [UNREADABLE] }));
        }}
      />
      {refused && (
        <Dialog
          open
          onOpenChange={(open) => !open && setRefused(null)}
          title={`Could not import ${refused.name}`}
          description="The board has not changed."
        >
          <ul aria-label="What is wrong with the file" className="grid gap-1.5">
            {refused.faults.map(({ path, message }) => (
              <li key={path + message}>
                {path && <code className="mr-1.5 rounded bg-muted px-1 font-mono text-xs">{path}</code>}
                {message}
              </li>
            ))}
          </ul>
          <DialogActions>
            <Button onClick={() => setRefused(null)}>Close</Button>
          </DialogActions>
        </Dialog>
      )}
    </div>
  );
}

const UNREADABLE: Fault = { path: "", message: "The file could not be read." };

function TemplateMenu({ onReplace }: { onReplace: (replacement: Replacement) => void }) {
  const templates = useQuery({
    queryKey: queryKeys.templates,
    queryFn: ({ signal }) => workflows.templates(signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Menu
      trigger={
        <Button>
          Templates <ChevronDown className="-mr-1" />
        </Button>
      }
    >
      <MenuLabel>{templates.isError ? "Could not load the templates" : "Replaces columns and types"}</MenuLabel>
      {templates.data?.map(({ id, board_config: config }) => (
        <MenuItem
          key={id}
          onSelect={() => onReplace({ title: `Use ${config.name}`, plan: planOf(config), ignored: [] })}
        >
          <span className="grid">
            {config.name}
            <span className="max-w-72 truncate text-muted-foreground text-xs">
              {plural(config.columns.length, "column")}: {config.columns.map(({ name }) => name).join(", ")}
            </span>
          </span>
        </MenuItem>
      ))}
    </Menu>
  );
}

/** A template as a plan: its columns and types with every move allowed. The board keeps its name and its rules. */
function planOf({ columns, ticket_types, initial_status, default_ticket_type }: Partial<BoardConfig>): BoardPlan {
  return {
    columns: columns?.map(({ id, name, color, category, wip_limit }) => ({
      id,
      name,
      color: color ?? undefined,
      category,
      wip_limit: wip_limit ?? undefined,
    })),
    ticket_types: ticket_types?.map(({ id, name, icon, color }) => ({
      id,
      name,
      icon: icon ?? undefined,
      color: color ?? undefined,
    })),
    initial_status,
    default_ticket_type,
    transitions: [],
  };
}
