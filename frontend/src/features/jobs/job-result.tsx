import { JsonTree } from "@/ui/json-tree";

/** The result a worker reported, if any. */
export function JobResult({ result }: { result: unknown }) {
  if (result === null || result === undefined) return null;
  return (
    <section aria-label="Result" className="grid gap-1.5">
      <h2 className="font-semibold text-xs">Result</h2>
      <div className="scroll-thin max-h-72 overflow-auto rounded-lg border bg-surface p-2">
        <JsonTree value={result} />
      </div>
    </section>
  );
}
