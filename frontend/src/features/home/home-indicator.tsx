import { useEffect, useRef } from "react";
import { setTitleCount } from "@/ui/use-title";
import { setFavicon } from "./favicon";
import { useHiddenItems } from "./hidden-items";
import { keysOf, newsOf, showNotifications } from "./notify";
import { countOfAttention, sectionsOf } from "./sections";
import { useHome } from "./use-home";

/** Keeps the number in the title and icon of the tab, and notifies of what comes up while the page is in the background. */
export function HomeIndicator({ onOpen }: { onOpen: () => void }) {
  const { data } = useHome();
  const hidden = useHiddenItems();
  const known = useRef<Set<string> | null>(null);
  useEffect(() => {
    if (!data) return;
    const counts = Object.fromEntries(sectionsOf(data, undefined, hidden).map(({ name, count }) => [name, count]));
    const count = countOfAttention({ ...data.counts, ...counts });
    setTitleCount(count);
    setFavicon(count);
  }, [data, hidden]);
  useEffect(() => {
    if (!data) return;
    showNotifications(newsOf(data, known.current), onOpen);
    known.current = keysOf(data);
  }, [data, onOpen]);
  useEffect(
    () => () => {
      setTitleCount(0);
      setFavicon(0);
    },
    [],
  );
  return null;
}
