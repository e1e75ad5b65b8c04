import { Link, useParams } from "@tanstack/react-router";
import { ArrowLeft } from "lucide-react";
import { useState } from "react";
import { WorkflowFailure } from "@/entities/workflow/workflow-failure";
import { useBoard } from "@/live/context";
import type { BoardState } from "@/live/state/board";
import { Field, Input } from "@/ui/field";
import { panelClass, Section } from "@/ui/section";
import { Notice, Spinner } from "@/ui/states";
import { useTitle } from "@/ui/use-title";
import { BoardPreview, type PreviewColumns } from "./board-preview";
import { ColumnsEditor } from "./columns-editor";
import { ConflictDialog } from "./conflict-dialog";
import { EditorActions } from "./editor-actions";
import { LeaveGuard } from "./leave-guard";
import { faultAt, MAX_BOARD_NAME, NAME_PATH } from "./problems";
import { ReplaceDialog, type Replacement } from "./replace-dialog";
import { RulesEditor } from "./rules-editor";
import { SaveBar } from "./save-bar";
import { TransitionsEditor } from "./transitions-editor";
import { TypesEditor } from "./types-editor";
import { useBoardEditor } from "./use-board-editor";

/** The board of a workflow: columns, transitions, types and rules, with a preview. */
export function BoardEditorPage({ Columns }: { Columns: PreviewColumns }) {
  const { workflowId } = useParams({ strict: false }) as { workflowId: string };
  const { board, error, retry } = useBoard(workflowId);
  if (error && !board) return <WorkflowFailure what="the board" error={error} onRetry={retry} />;
  if (!board) return <Spinner label="Loading the board…" className="flex-1" />;
  return <Editor key={workflowId} board={board} workflowId={workflowId} Columns={Columns} />;
}

interface Props {
  board: BoardState;
  workflowId: string;
  Columns: PreviewColumns;
}

function Editor({ board, workflowId, Columns }: Props) {
  const { workflow } = board;
  useTitle(`Board of ${workflow.name}`);
  const editable = workflow.role === "owner" && !workflow.archived_at;
  const editor = useBoardEditor(board, workflowId);
  const [replacement, setReplacement] = useState<Replacement | null>(null);
  const { draft, shown } = editor;
  const part = { draft, board, disabled: !editable, faults: shown, onChange: editor.change };
  return (
    <div data-scroll className="scroll-thin relative flex-1 scroll-pt-68 scroll-pb-28 overflow-y-auto">
      <div className="mx-auto w-full max-w-6xl px-4 pt-6 pb-3">
        <Link
          to="/w/$workflowId/settings"
          params={{ workflowId }}
          className="mb-2 inline-flex items-center gap-1 rounded text-muted-foreground text-xs hover:text-foreground"
        >
          <ArrowLeft className="size-3.5" /> Back to settings
        </Link>
        <div className="flex flex-wrap items-end justify-between gap-x-4 gap-y-3">
          <div>
            <h1 className="font-semibold text-lg tracking-tight">Board of {workflow.name}</h1>
            <p className="text-muted-foreground">
              {editable
                ? "Changes apply for everybody when you save the board."
                : "How tickets move through this workflow."}
            </p>
          </div>
          <EditorActions
            draft={draft}
            workflow={workflow.name}
            valid={editor.faults.length === 0}
            disabled={!editable}
            onReplace={setReplacement}
          />
        </div>
      </div>
      <BoardPreview board={board} draft={draft} edited={editor.edited} Columns={Columns} />
      <div className="mx-auto grid w-full max-w-4xl gap-9 px-4 pt-6 pb-40">
        {!editable && (
          <Notice>
            {workflow.archived_at
              ? "This workflow is archived. Restore it to change its board."
              : "Only owners can change the board."}
          </Notice>
        )}
        <Section title="Board">
          <div className={`${panelClass} p-4`}>
            <Field label="Board name" error={faultAt(shown, NAME_PATH) ?? null}>
              {(control) => (
                <Input
                  {...control}
                  data-path={NAME_PATH}
                  value={draft.name}
                  disabled={!editable}
                  maxLength={MAX_BOARD_NAME}
                  onChange={(event) => editor.change((old) => ({ ...old, name: event.target.value }))}
                />
              )}
            </Field>
          </div>
        </Section>
        <ColumnsEditor {...part} />
        <TransitionsEditor {...part} />
        <TypesEditor {...part} />
        <RulesEditor {...part} />
      </div>
      {editable && editor.edited && <SaveBar editor={editor} board={board} />}
      {editable && editor.edited && editor.comparing && <ConflictDialog editor={editor} />}
      {replacement && (
        <ReplaceDialog
          replacement={replacement}
          saved={editor.saved}
          board={board}
          edited={editor.edited}
          onCancel={() => setReplacement(null)}
          onUse={(next) => {
            editor.replace(next);
            setReplacement(null);
          }}
        />
      )}
      <LeaveGuard edited={editable && editor.edited} onDiscard={editor.discard} />
    </div>
  );
}
