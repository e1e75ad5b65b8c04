/** Home, and what the user has seen of it. */
import { client, unwrap } from "./http";
import type { Home, MarkVisited } from "./types";

export const home = {
  get: (workflow_id: string | undefined, signal?: AbortSignal) =>
    unwrap(client.GET("/api/home", { params: { query: { workflow_id } }, signal })) as Promise<Home>,
  /** Also sent while the page is being closed. */
  markVisited: (body: MarkVisited) => unwrap(client.POST("/api/home/visited", { body, keepalive: true })),
};
