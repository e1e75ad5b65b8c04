/**
 * Menus. Their parts (positioning, focus, keys) are loaded after the first page, or when the first menu is opened; until
 * then a menu is its trigger.
 */
import { type ComponentProps, type ReactElement, type ReactNode, useState, useSyncExternalStore } from "react";
import { loadPart } from "./load-part";
import { Trigger } from "./trigger";

type Parts = typeof import("./menu-parts");

let parts: Parts | null = null;
const listeners = new Set<() => void>();

export async function loadMenus(): Promise<void> {
  if (parts) return;
  parts = await loadPart(() => import("./menu-parts"));
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const useParts = () => useSyncExternalStore(subscribe, () => parts);

type MenuProps = Omit<ComponentProps<Parts["Menu"]>, "trigger" | "openAtOnce"> & { trigger: ReactElement };

export function Menu({ trigger, ...props }: MenuProps) {
  const loaded = useParts();
  const [wanted, setWanted] = useState(false);
  // Only a wanted menu replaces its trigger, so that none loses the focus while the parts are loaded.
  if (loaded && wanted) return <loaded.Menu trigger={trigger} openAtOnce {...props} />;
  const open = () => {
    setWanted(true);
    void loadMenus();
  };
  return (
    <Trigger
      aria-haspopup="menu"
      aria-expanded={false}
      onClick={open}
      onKeyDown={(event) => {
        if (event.key !== "ArrowDown") return;
        event.preventDefault();
        open();
      }}
    >
      {trigger}
    </Trigger>
  );
}

/** The parts below are rendered inside a menu, so they have been loaded. */
function inMenu<Props extends object>(choose: (parts: Parts) => (props: Props) => ReactNode) {
  return function Part(props: Props) {
    const loaded = useParts();
    if (!loaded) return null;
    const Loaded = choose(loaded);
    return <Loaded {...props} />;
  };
}

export const MenuItem = inMenu((loaded) => loaded.MenuItem);
export const MenuCheckboxItem = inMenu((loaded) => loaded.MenuCheckboxItem);
export const MenuLabel = inMenu((loaded) => loaded.MenuLabel);
export const MenuSeparator = inMenu<object>((loaded) => loaded.MenuSeparator);
export const SubMenu = inMenu((loaded) => loaded.SubMenu);
