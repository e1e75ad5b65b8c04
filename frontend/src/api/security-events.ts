/** Security events: of one workflow for its owners, of the installation for administrators. */
import { client, unwrap } from "./http";
import type { SecurityEventPage } from "./types";

export interface SecurityEventQuery {
  workflow_id?: string | undefined;
  kind?: string | undefined;
  actor?: string | undefined;
  limit?: number;
  cursor?: string | undefined;
}

export const securityEvents = {
  list: (query: SecurityEventQuery, signal?: AbortSignal) =>
    unwrap(client.GET("/api/security-events", { params: { query }, signal })) as Promise<SecurityEventPage>,
};
