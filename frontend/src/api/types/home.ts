/** Home: what needs the user, and what happened since their last visit. */
import type { Approval } from "./approval";
import type { Complete, Schemas } from "./schema";

export type HomeItem = Omit<Complete<Schemas["HomeItem"]>, "approval"> & { approval: Approval | null };
export type HomeItemKind = Schemas["HomeItemKind"];
export type HomeCounts = Complete<Schemas["HomeCounts"]>;
export type HomeWorkflow = Complete<Schemas["HomeWorkflow"]>;
export type HomeSectionName = keyof HomeCounts;
export type Home = Omit<Complete<Schemas["Home"]>, "workflows" | "counts" | HomeSectionName> & {
  workflows: HomeWorkflow[];
  counts: HomeCounts;
} & Record<HomeSectionName, HomeItem[]>;
export type MarkVisited = Partial<Schemas["MarkVisited"]>;
