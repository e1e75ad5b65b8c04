/** Imports from other trackers. */
import type { Complete, Schemas } from "./schema";

export type ImportFormats = Complete<Schemas["ImportFormats"]>;
export type ImportFormat = Complete<Schemas["ImportFormat"]>;
export type ImportRequest = Partial<Schemas["ImportFile"]>;
export type ImportMapping = Schemas["ImportMapping"];
export type MappedName = Omit<Schemas["MappedName"], "to"> & { to: string | null };
export type MappedNames = Record<keyof Schemas["MappedNames"], MappedName[]>;
export type BadLine = Schemas["BadLine"];
export type NotTaken = Complete<Schemas["NotTaken"]>;
export type ImportOutcome = Complete<Schemas["ImportOutcome"]>;
export type ImportPreview = Omit<Schemas["ImportPreview"], "mapping"> & { mapping: MappedNames };
export type ImportStep = Schemas["ImportStep"];
export type ImportAnswer = Omit<Schemas["ImportAnswer"], "mapping" | "outcome"> & {
  mapping: MappedNames;
  outcome: ImportOutcome;
};
