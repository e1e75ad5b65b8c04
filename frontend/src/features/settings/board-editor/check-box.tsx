import type { ComponentProps } from "react";
import { cn } from "@/ui/cn";
import type { Selection } from "./transitions";

interface Props extends Omit<ComponentProps<"input">, "onChange" | "type" | "checked"> {
  state: Selection;
  onChange: (checked: boolean) => void;
}

/** A checkbox of three states. */
export function CheckBox({ state, onChange, className, ...props }: Props) {
  return (
    <input
      type="checkbox"
      ref={(box) => {
        if (box) box.indeterminate = state === "some";
      }}
      checked={state === "all"}
      onChange={() => onChange(state !== "all")}
      className={cn("size-4 shrink-0 cursor-pointer accent-(--primary) disabled:cursor-default", className)}
      {...props}
    />
  );
}
