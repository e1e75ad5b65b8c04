import { Slot } from "radix-ui";
import type { ComponentProps } from "react";

/** Adds handlers and attributes to the one element inside, and keeps those that it has. */
export function Trigger(props: ComponentProps<typeof Slot.Root>) {
  return <Slot.Root {...props} />;
}
