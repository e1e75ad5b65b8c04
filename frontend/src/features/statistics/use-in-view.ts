import { type RefObject, useEffect, useState } from "react";

/** Whether an element is in view, or nearly. */
export function useInView(ref: RefObject<HTMLElement | null>): boolean {
  const [inView, setInView] = useState(false);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const root = element.closest<HTMLElement>("[data-scrolls]");
    const observer = new IntersectionObserver(([entry]) => entry && setInView(entry.isIntersecting), {
      root,
      rootMargin: "240px 0px",
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return inView;
}
