/** What is wrong with a field, below it. */
export function FieldFault({ id, message }: { id: string; message: string | undefined }) {
  if (!message) return null;
  return (
    <p id={id} className="text-danger text-xs">
      {message}
    </p>
  );
}

/** Attributes of a control that a fault may be about. */
export function faultProps(path: string, message: string | undefined, noteId: string) {
  return {
    "data-path": path,
    "aria-invalid": message ? (true as const) : undefined,
    "aria-describedby": message ? noteId : undefined,
  };
}

/** Focuses the control at a path, once it is there. */
export function focusPath(path: string): void {
  requestAnimationFrame(() => {
    const control = document.querySelector<HTMLElement>(`[data-path="${CSS.escape(path)}"]`);
    control?.scrollIntoView({ block: "center" });
    control?.focus({ preventScroll: true });
  });
}
