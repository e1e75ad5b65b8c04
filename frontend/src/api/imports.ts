/** Importing the export of another tracker. */
import { client, unwrap } from "./http";
import type { ImportAnswer, ImportFormats, ImportPreview, ImportRequest, ImportStep } from "./types";

const workflowPath = (id: string) => ({ params: { path: { id } } });

export const imports = {
  formats: (signal?: AbortSignal) => unwrap(client.GET("/api/import-formats", { signal })) as Promise<ImportFormats>,
  /** What importing a file would do. Changes nothing. */
  preview: (workflow: string, body: ImportRequest) =>
    unwrap(
      client.POST("/api/workflows/{id}/import/preview", { ...workflowPath(workflow), body }),
    ) as Promise<ImportPreview>,
  /** How far the running import is; null without one. */
  progress: async (workflow: string, signal?: AbortSignal): Promise<ImportStep | null> =>
    (await unwrap(client.GET("/api/workflows/{id}/import", { ...workflowPath(workflow), signal }))).progress ?? null,
  run: (workflow: string, body: ImportRequest) =>
    unwrap(client.POST("/api/workflows/{id}/import", { ...workflowPath(workflow), body })) as Promise<ImportAnswer>,
};
