/** Added and removed lines. */
import { LOCALE } from "@/ui/locale";

export function Counts({ insertions, deletions }: { insertions: number; deletions: number }) {
  return (
    <span className="tabular whitespace-nowrap font-medium">
      <span className="text-success">+{insertions.toLocaleString(LOCALE)}</span>{" "}
      <span className="text-danger">−{deletions.toLocaleString(LOCALE)}</span>
    </span>
  );
}
