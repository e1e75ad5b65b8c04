/** What a review needs of other features, whose parts the app passes in. */
import type { ReactNode, RefObject } from "react";
import type { LineComment } from "./review-text";

export type DiffLine = Pick<LineComment, "path" | "line" | "side"> & { text: string };

export interface DiffControl {
  focus: () => void;
  step: (by: 1 | -1) => void;
  pick: () => void;
  show: (line: Pick<LineComment, "path" | "line" | "side">) => void;
}

/** The diff is a part of another feature. */
export interface DiffSlot {
  workflowId: string;
  sha: string;
  lines: readonly Pick<LineComment, "path" | "line" | "side">[];
  below: (line: DiffLine) => ReactNode;
  onPick: (line: DiffLine) => void;
  fallback: ReactNode;
  control: RefObject<DiffControl | null>;
}
