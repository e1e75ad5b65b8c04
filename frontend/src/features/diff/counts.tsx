/** Added and removed lines. */
export function Counts({ insertions, deletions }: { insertions: number; deletions: number }) {
  return (
    <span className="tabular whitespace-nowrap font-medium">
      <span className="text-success">+{insertions.toLocaleString()}</span>{" "}
      <span className="text-danger">−{deletions.toLocaleString()}</span>
    </span>
  );
}
