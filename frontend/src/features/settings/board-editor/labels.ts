/** Names of categories and settings. */

import type { BoardSettings, Category } from "@/api/types";

export const CATEGORIES: ReadonlyArray<[Category, string]> = [
  ["todo", "To do"],
  ["active", "Active"],
  ["done", "Done"],
];
export const categoryName = (category: Category) => CATEGORIES.find(([id]) => id === category)?.[1] ?? category;

export type Toggle = Exclude<keyof BoardSettings, "wip_policy">;

/** Field, label and hint of each setting that is on or off. */
export const TOGGLES: ReadonlyArray<[Toggle, string, string]> = [
  [
    "require_comments_on_status_change",
    "Require a comment on status changes",
    "Every status change needs a comment of at least ten characters.",
  ],
  ["require_description", "Require a description", "New tickets need a description of at least ten characters."],
  ["allow_reopen", "Allow reopening", "Tickets can be moved out of a done column."],
  ["auto_assign", "Assign new tickets to their creator", "Applies when no assignee is set."],
  [
    "human_review",
    "Require review of agents' tickets",
    "A person must approve tickets created by agents before work starts.",
  ],
  ["track_time", "Track time", "Show estimates and time spent on tickets."],
];

export const POLICIES: ReadonlyArray<[BoardSettings["wip_policy"], string]> = [
  ["warn", "Warn"],
  ["refuse", "Block"],
];
