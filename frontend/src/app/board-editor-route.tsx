import { PreviewColumns } from "@/features/board/preview-columns";
import { BoardEditorPage } from "@/features/settings/board-editor/board-editor-page";

/** The board editor, whose preview draws the columns of the board page. */
export function BoardEditorRoute() {
  return <BoardEditorPage Columns={PreviewColumns} />;
}
