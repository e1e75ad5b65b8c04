/** Milestones, boards of the past, and reports. */

import { Api } from "./api.js";
import type { CallOptions } from "./send.js";
import type { Filters, Schemas } from "./types.js";

/** A time as the API reads it. */
const timeOf = (time: string | Date) => (typeof time === "string" ? time : time.toISOString());

/** The requests of a client that plan and look back. */
export class Planning extends Api {
  /** The board as it was at a time, in the same shape, with `at`: `boardAt(id, "2026-01-31T12:00:00Z")`. */
  async boardAt(workflow: string, at: string | Date, options?: CallOptions): Promise<Record<string, unknown>> {
    const path = { workflow_id: workflow };
    const query = { at: timeOf(at) };
    return (await this.request("get", "/api/board/{workflow_id}", { path, query, ...options })) as Record<
      string,
      unknown
    >;
  }

  /**
   * How the board changed from one time to another, or to now: the tickets that came, left, or have other values, each field
   * with its `old_value` and `new_value`.
   */
  boardChanges(
    workflow: string,
    from: string | Date,
    { to, ...options }: { to?: string | Date } & CallOptions = {},
  ): Promise<Schemas["BoardChanges"]> {
    const query = { from: timeOf(from), to: to === undefined ? undefined : timeOf(to) };
    return this.request("get", "/api/board/{workflow_id}/changes", {
      path: { workflow_id: workflow },
      query,
      ...options,
    });
  }

  /** The milestones of a workflow: the open ones first, those that are due first. `includeClosed` defaults to true. */
  async milestones(
    workflow: string,
    { includeClosed, ...options }: { includeClosed?: boolean } & CallOptions = {},
  ): Promise<Schemas["Milestone"][]> {
    const query = { include_closed: includeClosed };
    const path = { id: workflow };
    return (await this.request("get", "/api/workflows/{id}/milestones", { path, query, ...options })).milestones;
  }

  /** One milestone, and how far it is. */
  getMilestone(id: string, options?: CallOptions): Promise<Schemas["Milestone"]> {
    return this.request("get", "/api/milestones/{id}", { path: { id }, ...options });
  }

  /**
   * Creates a milestone: `{ name: "Beta", starts_on: "2026-01-05", due_on: "2026-01-31" }`. Tickets are put in it with
   * `milestone_id`, its id or name.
   *
   * @throws {RefusedError} 409: the workflow has a milestone of this name.
   */
  createMilestone(
    workflow: string,
    input: Schemas["CreateMilestone"],
    options?: CallOptions,
  ): Promise<Schemas["Milestone"]> {
    return this.request("post", "/api/workflows/{id}/milestones", { path: { id: workflow }, body: input, ...options });
  }

  /** Changes fields of a milestone, closes it (`{ is_closed: true }`) or reopens it. */
  updateMilestone(id: string, input: Schemas["UpdateMilestone"], options?: CallOptions): Promise<Schemas["Milestone"]> {
    return this.request("patch", "/api/milestones/{id}", { path: { id }, body: input, ...options });
  }

  /** Deletes a milestone; its tickets leave it. Needs an owner. */
  deleteMilestone(id: string, options?: CallOptions): Promise<Schemas["MilestoneDeleted"]> {
    return this.request("delete", "/api/milestones/{id}", { path: { id }, ...options });
  }

  /** The reports that there are, with their parameters and columns. */
  async reports(options?: CallOptions): Promise<Schemas["ReportDefinition"][]> {
    return (await this.request("get", "/api/reports", { ...options })).reports;
  }

  /** A report of a workflow, e.g. `report("throughput", { workflow_id, from: "2026-01-05", unit: "week" })`. */
  async report(
    name: string,
    query: Omit<Filters<"/api/reports/{name}">, "format" | "bom"> & { workflow_id: string },
    options?: CallOptions,
  ): Promise<Schemas["Report"]> {
    const answer = await this.request("get", "/api/reports/{name}", { path: { name }, query, ...options });
    return answer as Schemas["Report"];
  }
}
