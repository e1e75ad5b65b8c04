/** Stages are often columns of the board, and those have names for people. */
import type { BoardConfig } from "@/api/types";

export type StageName = (stage: string) => string;

export function stageNames(config: BoardConfig | undefined): StageName {
  const names = new Map((config?.columns ?? []).map(({ id, name }) => [id, name]));
  return (stage) => names.get(stage) ?? stage;
}
