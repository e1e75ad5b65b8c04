/** What models used. */
import { client, unwrap } from "./http";
import type { UsageGroup } from "./types";

const MAX_GROUPS = 500;

export const usage = {
  /** Of the last 30 days, by agent or by job. */
  by: async (group_by: "agent" | "job", workflow_id: string, signal?: AbortSignal) =>
    (
      await unwrap(
        client.GET("/api/usage", { params: { query: { workflow_id, group_by, limit: MAX_GROUPS } }, signal }),
      )
    ).groups as UsageGroup[],
};
