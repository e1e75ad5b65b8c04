import {
  type FocusEvent,
  type PointerEvent,
  type ReactNode,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { createPortal } from "react-dom";
import { Trigger } from "./trigger";

const DELAY_MS = 350;
const OFFSET = 5;
const MARGIN = 8;

/** A hint on hover and focus. The control inside still needs an accessible name. */
export function Tooltip({ label, children }: { label: ReactNode; children: ReactNode }) {
  const id = useId();
  const [anchor, setAnchor] = useState<DOMRect | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const hide = () => {
    clearTimeout(timer.current);
    setAnchor(null);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <>
      <Trigger
        aria-describedby={anchor ? id : undefined}
        onPointerEnter={({ pointerType, currentTarget }: PointerEvent<HTMLElement>) => {
          if (pointerType === "touch") return;
          clearTimeout(timer.current);
          timer.current = setTimeout(() => setAnchor(currentTarget.getBoundingClientRect()), DELAY_MS);
        }}
        onPointerLeave={hide}
        onPointerDown={hide}
        onFocus={({ currentTarget }: FocusEvent<HTMLElement>) => {
          if (currentTarget.matches(":focus-visible")) setAnchor(currentTarget.getBoundingClientRect());
        }}
        onBlur={hide}
      >
        {children}
      </Trigger>
      {anchor && <Hint id={id} anchor={anchor} label={label} onHide={hide} />}
    </>
  );
}

function Hint({ id, anchor, label, onHide }: { id: string; anchor: DOMRect; label: ReactNode; onHide: () => void }) {
  const ref = useRef<HTMLDivElement>(null);
  // Above the control, or below it where there is no room, and within the window.
  useLayoutEffect(() => {
    const hint = ref.current;
    if (!hint) return;
    const { width, height } = hint.getBoundingClientRect();
    const above = anchor.top - height - OFFSET;
    const left = anchor.left + anchor.width / 2 - width / 2;
    hint.style.top = `${above < MARGIN ? anchor.bottom + OFFSET : above}px`;
    hint.style.left = `${Math.max(MARGIN, Math.min(left, window.innerWidth - width - MARGIN))}px`;
  }, [anchor]);
  const latest = useRef(onHide);
  useEffect(() => {
    latest.current = onHide;
  });
  useEffect(() => {
    const hide = () => latest.current();
    const onKey = (event: KeyboardEvent) => event.key === "Escape" && hide();
    window.addEventListener("keydown", onKey);
    window.addEventListener("scroll", hide, { capture: true });
    return () => {
      window.removeEventListener("keydown", onKey);
      window.removeEventListener("scroll", hide, { capture: true });
    };
  }, []);
  return createPortal(
    <div
      ref={ref}
      id={id}
      role="tooltip"
      className="pointer-events-none fixed z-60 max-w-64 rounded-md bg-foreground px-2 py-1 text-background text-xs shadow-pop"
    >
      {label}
    </div>,
    document.body,
  );
}
