import type { BoardState } from "@/live/state/board";
import type { Draft } from "./draft";
import type { Fault } from "./problems";

/** What each part of the editor gets. */
export interface EditorProps {
  draft: Draft;
  /** The saved board, with its tickets. */
  board: BoardState;
  disabled: boolean;
  /** What is shown at fields. */
  faults: readonly Fault[];
  onChange: (change: (draft: Draft) => Draft) => void;
}
