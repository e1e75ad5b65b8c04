import { GripVertical } from "lucide-react";
import type { ComponentProps } from "react";
import { Tooltip } from "@/ui/tooltip";

/** The grip of a row. */
export function SortHandle(props: ComponentProps<"button">) {
  return (
    <Tooltip label="Drag, or press the arrow keys">
      <button
        type="button"
        className="-ml-1 grid h-8 w-5 shrink-0 cursor-grab touch-none place-items-center rounded text-muted-foreground hover:bg-muted hover:text-foreground active:cursor-grabbing disabled:cursor-default disabled:opacity-40 disabled:hover:bg-transparent pointer-coarse:w-7"
        {...props}
      >
        <GripVertical className="size-3.5" aria-hidden="true" />
      </button>
    </Tooltip>
  );
}

/** A color as a swatch that opens the browser's color picker. */
export function ColorInput({ value, ...props }: Omit<ComponentProps<"input">, "type" | "value"> & { value: string }) {
  return (
    <input
      type="color"
      value={toHex(value)}
      className="size-8 shrink-0 cursor-pointer rounded-md border border-border-strong bg-surface p-1 shadow-card disabled:cursor-default disabled:opacity-60 [&::-webkit-color-swatch-wrapper]:p-0 [&::-webkit-color-swatch]:rounded [&::-webkit-color-swatch]:border-0"
      {...props}
    />
  );
}

/** What the color picker understands: six digits. */
function toHex(color: string): string {
  const digits = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(color)?.[1];
  if (!digits) return "#6b7280";
  return digits.length === 6 ? `#${digits}` : `#${[...digits].map((digit) => digit + digit).join("")}`;
}
