/** The generated schemas, and how they are made stricter where the server promises more than OpenAPI can express. */
import type { components } from "../schema.gen";

export type Schemas = components["schemas"];

/** A response carries every field, nullable ones included. */
export type Complete<T> = { [Field in keyof T]-?: T[Field] };
/** A response carries every field, and none of them is null. */
export type NonNullableFields<T> = { [Field in keyof T]-?: NonNullable<T[Field]> };
