import { MoreVertical } from "lucide-react";
import { VisibleText } from "@/ui/invisible";
import { plural } from "@/ui/plural";

/** Between two parts of a file: what is left out, and what git found above the next part. */
export function GapRow({ skipped, heading }: { skipped: number; heading: string }) {
  return (
    <div className="flex h-8 items-center gap-2 border-x bg-accent px-2 text-accent-foreground text-xs max-md:border-x-0">
      <MoreVertical className="size-3.5 shrink-0" aria-hidden="true" />
      <span className="tabular shrink-0 font-sans">
        {skipped > 0 ? plural(skipped, "unchanged line") : "Another part of the file"}
      </span>
      {heading && (
        <span className="min-w-0 truncate">
          <VisibleText text={heading} />
        </span>
      )}
    </div>
  );
}

export function NoteRow({ text }: { text: string }) {
  return (
    <p className="min-h-8 border-x bg-surface px-3 py-1.5 font-sans text-muted-foreground text-xs max-md:border-x-0">
      {text}
    </p>
  );
}
