import type { ReactNode } from "react";

/** What an entry does: it runs something and closes the palette, or leads to another list. */
type Effect = { run: () => void; step?: undefined } | { step: () => PaletteStep; run?: undefined };

export type PaletteAction = Effect & {
  name: string;
  icon: ReactNode;
  /** Heading under which it is listed. Such actions come before the tickets that are found. Defaults to "Actions". */
  group?: string;
};

export type PaletteItem = Effect & {
  id: string;
  name: string;
  icon?: ReactNode;
  /** Shown at the end of the row. */
  hint?: string;
  /** The current value, which is marked. */
  current?: boolean;
};

/** A list of the palette below the first one, such as the columns to which a ticket can be moved. */
export interface PaletteStep {
  title: string;
  placeholder: string;
  load: () => Promise<readonly PaletteItem[]>;
}

export const rowClass =
  "flex cursor-pointer items-center gap-2.5 rounded-md px-2.5 py-2 data-[selected=true]:bg-muted [&_svg]:size-4 [&_svg]:shrink-0 [&_svg]:text-muted-foreground";
export const groupClass =
  "[&_[cmdk-group-heading]]:truncate [&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:font-medium [&_[cmdk-group-heading]]:text-2xs [&_[cmdk-group-heading]]:text-muted-foreground";
