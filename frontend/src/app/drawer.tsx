import type { ComponentProps } from "react";
import { TicketDrawer } from "@/features/ticket/ticket-drawer";
import { useTicketSections } from "./ticket-sections";

/** The ticket drawer with its sections. The first page does not need them, so they are one part that loads later. */
export function Drawer(props: Omit<ComponentProps<typeof TicketDrawer>, "renderSections">) {
  return <TicketDrawer {...props} renderSections={useTicketSections()} />;
}
