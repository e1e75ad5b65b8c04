import type { ComponentProps } from "react";
import { TicketDrawer } from "@/features/ticket/ticket-drawer";
import { lazyPart } from "@/ui/lazy-part";
import { useTicketSections } from "./ticket-sections";

const DiffDialog = lazyPart(async () => (await import("@/features/diff/diff-dialog")).DiffDialog);

/** The ticket drawer with its sections. The first page does not need them, so they are one part that loads later. */
export function Drawer(props: Omit<ComponentProps<typeof TicketDrawer>, "renderSections" | "renderCommit">) {
  return (
    <TicketDrawer
      {...props}
      renderSections={useTicketSections()}
      renderCommit={(commit) => <DiffDialog {...commit} />}
    />
  );
}
