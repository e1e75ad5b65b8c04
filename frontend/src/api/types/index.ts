/** The shapes the dashboard works with. Files of this folder import each other; everything else imports this one. */
export type * from "./account";
export type * from "./administration";
export type * from "./approval";
export type * from "./board";
export type * from "./event";
export type * from "./finding";
export type * from "./home";
export type * from "./import";
export type * from "./job";
export type * from "./search";
export type * from "./security-event";
export type * from "./ticket";
export type * from "./usage";
export type * from "./webhook";
