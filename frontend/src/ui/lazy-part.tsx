import { type ComponentType, lazy, type ReactNode, Suspense, useState } from "react";
import { loadPart } from "./load-part";

/**
 * A component of a part that loads later, and `preload`, which fetches it beforehand. A part that is there already is drawn
 * at once: React's `lazy` would draw it in a second attempt, up to 300 ms later, and what somebody types meanwhile would go
 * to the page below.
 */
export function lazyPart<Props extends object>(load: () => Promise<ComponentType<Props>>, fallback?: ReactNode) {
  let loaded: ComponentType<Props> | null = null;
  const fetchPart = async () => {
    const part = await load();
    loaded = part;
    return part;
  };
  const Later = lazy(async () => ({ default: await loadPart(fetchPart) }));

  function Part(props: Props) {
    // What was chosen at first stays, because another component would lose the state of this one.
    const [Component] = useState<ComponentType<Props>>(() => loaded ?? (Later as unknown as ComponentType<Props>));
    return (
      <Suspense fallback={fallback}>
        <Component {...props} />
      </Suspense>
    );
  }
  Part.preload = async (): Promise<void> => {
    await fetchPart().catch(() => undefined);
  };
  return Part;
}
