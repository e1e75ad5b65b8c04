/** Reports on the flow of work: their rows, the SQL that finds them, and tables as CSV. */
import { client } from "./http";
import { Problem } from "./problem";
import type { Schemas } from "./types/schema";

export type ReportColumn = Schemas["ReportColumn"];
export type ReportRow = Record<string, unknown>;
export type Report = Omit<Schemas["Report"], "rows"> & { rows: ReportRow[] };

/** A report with its `ETag`. */
export interface TaggedReport {
  report: Report;
  etag: string | null;
}

export interface ReportQuery {
  workflow_id: string;
  from?: string;
  to?: string;
  tz?: string;
  unit?: string;
  group?: string;
  milestone?: string;
}

/** The most rows that the server sends. */
export const MAX_REPORT_ROWS = 10_000;
const NOT_MODIFIED = 304;

export const reports = {
  /** The report, or the known one if nothing has changed since. */
  read: async (name: string, query: ReportQuery, known?: TaggedReport, signal?: AbortSignal): Promise<TaggedReport> => {
    try {
      const { data, response } = await client.GET("/api/reports/{name}", {
        params: { path: { name }, query: { ...query, limit: MAX_REPORT_ROWS } },
        headers: known?.etag ? { "if-none-match": known.etag } : {},
        signal,
      });
      return { report: data as unknown as Report, etag: response.headers.get("etag") };
    } catch (error) {
      if (known && error instanceof Problem && error.status === NOT_MODIFIED) return known;
      throw error;
    }
  },
  /** The report as a table, for spreadsheets. */
  csv: async (name: string, query: ReportQuery): Promise<{ file: Blob; name: string | undefined }> => {
    const { data, response } = await client.GET("/api/reports/{name}", {
      params: { path: { name }, query: { ...query, format: "csv", bom: true } },
      headers: { accept: "*/*" },
      parseAs: "blob",
    });
    const disposition = response.headers.get("content-disposition") ?? "";
    return { file: data as unknown as Blob, name: /filename="([^"]+)"/.exec(disposition)?.[1] };
  },
};
