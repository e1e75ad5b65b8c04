/** Display names of stages. A stage with the id of a column is shown by the column's name. */
import type { BoardConfig } from "@/api/types";

export type StageName = (stage: string) => string;

export function stageNames(config: BoardConfig | undefined): StageName {
  const names = new Map((config?.columns ?? []).map(({ id, name }) => [id, name]));
  return (stage) => names.get(stage) ?? stage;
}
