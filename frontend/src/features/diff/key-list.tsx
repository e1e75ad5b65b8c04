import { Kbd } from "@/ui/states";

const KEYS = [
  [["J", "K"], "next, previous change"],
  [["N", "P"], "next, previous file"],
  [["V"], "viewed"],
  [["/"], "jump to a file"],
  [["U"], "unified or split"],
  [["C"], "collapse all"],
  [["M"], "more lines"],
  [["T"], "files"],
  [["Esc"], "close"],
] as const;

/** The keys of the dialog. */
export function KeyList() {
  return (
    <footer className="hidden shrink-0 flex-wrap gap-x-4 border-t px-4 py-1.5 text-muted-foreground text-xs md:flex pointer-coarse:hidden">
      {KEYS.map(([keys, what]) => (
        <span key={what} className="flex items-center gap-1">
          {keys.map((key) => (
            <Kbd key={key}>{key}</Kbd>
          ))}{" "}
          {what}
        </span>
      ))}
    </footer>
  );
}
