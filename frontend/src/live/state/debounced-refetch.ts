/** Refetches a query once its updates pause, so that a burst of events causes one request. */
import type { QueryClient, QueryKey } from "@tanstack/react-query";

export class DebouncedRefetch {
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(
    private readonly queries: QueryClient,
    private readonly delay: number,
  ) {}

  schedule(queryKey: QueryKey): void {
    const name = queryKey.join("\n");
    clearTimeout(this.timers.get(name));
    this.timers.set(
      name,
      setTimeout(() => {
        this.timers.delete(name);
        void this.queries.invalidateQueries({ queryKey });
      }, this.delay),
    );
  }
}
