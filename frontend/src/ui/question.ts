/** What `prompt` and `confirm` ask, and what they get. */

export interface Prompt {
  title: string;
  description?: string;
  label: string;
  submit: string;
  /** Defaults to 1. */
  minLength?: number;
  /**
   * The place at which the text is kept until `discardDraft` is called, when it has been sent. Without one it is kept until
   * the dialog is submitted.
   */
  draft?: string;
}

export interface Confirmation {
  title: string;
  description: string;
  submit: string;
  /** A word the user must type first, for actions that must not happen by accident. */
  word?: string;
}

export type Question = ({ kind: "prompt" } & Prompt) | ({ kind: "confirm" } & Confirmation);
/** The text of a prompt, an empty text for a confirmation, or null when the user cancels. */
export type Answer = string | null;
