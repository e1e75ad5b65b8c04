/** What somebody should look at in a workflow. */
import { client, unwrap } from "./http";
import type { FindingKind, FindingPage } from "./types";

export const findings = {
  list: (workflowId: string, kinds: readonly FindingKind[], signal?: AbortSignal) =>
    unwrap(
      client.GET("/api/workflows/{id}/findings", {
        params: { path: { id: workflowId }, query: { kind: kinds.join(","), limit: 200 } },
        signal,
      }),
    ) as Promise<FindingPage>,
};
