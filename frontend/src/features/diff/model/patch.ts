/** Builds a patch file that `git apply` reads. Pure. */
import type { CommitDiff } from "./files";

export interface PatchFile {
  text: string;
  /** Binary files, whose contents a patch of text cannot hold. */
  leftOut: number;
}

/** The commit as a patch: its message, and the diffs of its files of text. */
export function toPatch(diff: CommitDiff): PatchFile {
  const [subject = "", ...body] = diff.message.split("\n");
  const text = diff.files.filter(({ binary }) => !binary);
  const header = [
    `From ${diff.commit_sha} Mon Sep 17 00:00:00 2001`,
    `From: ${diff.author}`,
    `Date: ${new Date(diff.timestamp).toUTCString().replace("GMT", "+0000")}`,
    `Subject: [PATCH] ${subject}`,
    // Nothing in the message may look like a diff.
    ...body.map((line) => (/^(diff |--- |\+\+\+ |@@ |Index: )/.test(line) ? ` ${line}` : line)),
  ];
  const diffs = text.map((file) => (file.diff.endsWith("\n") ? file.diff : `${file.diff}\n`));
  return { text: `${header.join("\n").trimEnd()}\n---\n\n${diffs.join("")}`, leftOut: diff.files.length - text.length };
}
