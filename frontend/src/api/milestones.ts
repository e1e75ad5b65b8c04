/** Milestones of workflows. */
import { client, unwrap } from "./http";
import type { MilestoneProgress } from "./types";
import type { Schemas } from "./types/schema";

const milestonePath = (id: string) => ({ params: { path: { id } } });

export const milestones = {
  list: async (workflow: string, signal?: AbortSignal) =>
    (await unwrap(client.GET("/api/workflows/{id}/milestones", { ...milestonePath(workflow), signal })))
      .milestones as MilestoneProgress[],
  create: (workflow: string, body: Schemas["CreateMilestone"]) =>
    unwrap(client.POST("/api/workflows/{id}/milestones", { ...milestonePath(workflow), body })),
  update: (id: string, body: Schemas["UpdateMilestone"]) =>
    unwrap(client.PATCH("/api/milestones/{id}", { ...milestonePath(id), body })),
  remove: (id: string) => unwrap(client.DELETE("/api/milestones/{id}", milestonePath(id))),
};
