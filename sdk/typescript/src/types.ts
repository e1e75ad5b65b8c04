/** Types of requests and answers, taken from the API's description. */

import type { components, paths } from "./schema.gen.js";
import type { CallOptions } from "./send.js";

/** The schemas of the API by name, e.g. `Schemas["Job"]`. */
export type Schemas = components["schemas"];

/** The methods of HTTP that the API uses. */
export type Method = "get" | "post" | "put" | "patch" | "delete";

type OperationOf<M extends Method, P> = P extends keyof paths
  ? M extends keyof paths[P]
    ? NonNullable<paths[P][M]>
    : never
  : never;

/** The paths that have a method. */
export type PathOf<M extends Method> = {
  [P in keyof paths]: [OperationOf<M, P>] extends [never] ? never : P;
}[keyof paths];

type Parameters<Operation, In extends "path" | "query"> = Operation extends { parameters: infer All }
  ? In extends keyof All
    ? NonNullable<All[In]>
    : never
  : never;

type Body<Operation> = Operation extends { requestBody?: { content: { "application/json": infer Content } } }
  ? Content
  : never;

type IsRequired<Operation, Part extends string> = Operation extends { [Name in Part]: unknown } ? true : false;

type QueryPart<Operation> = [Parameters<Operation, "query">] extends [never]
  ? unknown
  : // biome-ignore lint/complexity/noBannedTypes: asks whether all of its fields are optional
    {} extends Parameters<Operation, "query">
    ? { query?: Parameters<Operation, "query"> }
    : { query: Parameters<Operation, "query"> };

type PathPart<Operation> = [Parameters<Operation, "path">] extends [never]
  ? unknown
  : { path: Parameters<Operation, "path"> };

type BodyPart<Operation> = [Body<Operation>] extends [never]
  ? unknown
  : IsRequired<Operation, "requestBody"> extends true
    ? { body: Body<Operation> }
    : { body?: Body<Operation> };

/** What a request holds: `path` and `query` parameters, and `body`, where the API has them. */
export type RequestOptions<M extends Method, P extends PathOf<M>> = CallOptions &
  PathPart<OperationOf<M, P>> &
  QueryPart<OperationOf<M, P>> &
  BodyPart<OperationOf<M, P>>;

/** The options of a request as its last argument, which may be left out if nothing in it is required. */
export type OptionsArgument<M extends Method, P extends PathOf<M>> =
  // biome-ignore lint/complexity/noBannedTypes: asks whether all of its fields are optional
  {} extends RequestOptions<M, P> ? [options?: RequestOptions<M, P>] : [options: RequestOptions<M, P>];

type Success = 200 | 201 | 202 | 204;

/** The body of a successful answer. */
export type AnswerOf<M extends Method, P extends PathOf<M>> =
  OperationOf<M, P> extends { responses: infer All }
    ? All[keyof All & Success] extends { content: infer Content }
      ? "application/json" extends keyof Content
        ? Content["application/json"]
        : Content[keyof Content]
      : null
    : never;

/** A page of a list. */
export interface Page {
  has_more: boolean;
  next_cursor?: string | null;
}

/** The paths of lists that are read in pages. */
export type ListPath = {
  [P in PathOf<"get">]: AnswerOf<"get", P> extends Page ? P : never;
}[PathOf<"get">];

/** The field of a page that holds its items. */
export type ItemsField<P extends ListPath> = {
  [F in keyof AnswerOf<"get", P>]: AnswerOf<"get", P>[F] extends readonly unknown[] ? F : never;
}[keyof AnswerOf<"get", P>];

/** An item of a list. */
export type ItemOf<P extends ListPath, F extends ItemsField<P>> = AnswerOf<"get", P>[F] extends readonly (infer Item)[]
  ? Item
  : never;

/** The parameters of a query without the cursor. */
export type Filters<P extends PathOf<"get">> = Omit<Parameters<OperationOf<"get", P>, "query">, "cursor">;
