/**
 * The TypeScript client of a Callboard server: typed requests that happen once, events that resume without gaps, and workers.
 *
 * @packageDocumentation
 */

export type { ClientOptions } from "./api.js";
export { Client, type Items } from "./client.js";
export type { TokenStore, Tokens } from "./credential.js";
export {
  AbortedError,
  CallboardError,
  type FieldError,
  type Outcome,
  type Problem,
  RefusedError,
  UnreachableError,
  UnusableAnswerError,
} from "./errors.js";
export type { components, operations, paths } from "./schema.gen.js";
export type { CallOptions } from "./send.js";
export type { AnswerOf, ItemOf, ListPath, Method, PathOf, RequestOptions, Schemas } from "./types.js";
export type { Cursor, Event, Update, Watch, WatchOptions } from "./watch.js";
export {
  type AskOptions,
  type Completion,
  type Interruption,
  type Job,
  type JobContext,
  JobFailed,
  type JobHandler,
  JobInterrupted,
  JobReleased,
  type MessageOptions,
} from "./worker/context.js";
export type { WorkOptions, WorkSummary } from "./worker.js";
