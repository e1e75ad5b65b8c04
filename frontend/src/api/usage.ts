/** What models used, and the reports of a workflow. */
import { client, unwrap } from "./http";
import type { ReportRow, UsageGroup } from "./types";

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

export const reports = {
  /** The rows of a report of the last 30 days, at most 10,000. */
  rows: async (name: string, workflow_id: string, signal?: AbortSignal) => {
    const query = { workflow_id, limit: 10_000 };
    const report = await unwrap(client.GET("/api/reports/{name}", { params: { path: { name }, query }, signal }));
    return (report as { rows: ReportRow[] }).rows;
  },
};
