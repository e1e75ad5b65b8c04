/** Findings: what somebody should look at in a workflow. */
import type { Complete, Schemas } from "./schema";

export type FindingKind = Schemas["FindingKind"];
export type Finding = Complete<Schemas["Finding"]>;
export type FindingPage = Omit<Schemas["Findings"], "findings"> & { findings: Finding[] };
