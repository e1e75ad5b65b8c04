import { Dialog as Radix } from "radix-ui";
import { useState } from "react";
import { PaletteSearch, type SearchProps } from "./palette-search";
import { StepList } from "./palette-step";
import type { PaletteStep } from "./palette-types";

export type { PaletteAction, PaletteItem, PaletteStep } from "./palette-types";

interface Props extends Omit<SearchProps, "onDone" | "onStep"> {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Command palette (Ctrl+K): workflows and actions by name, tickets by full-text search on the server. */
export function Palette({ open, onOpenChange, ...props }: Props) {
  const [steps, setSteps] = useState<readonly PaletteStep[]>([]);
  const step = steps.at(-1);
  const back = () => setSteps((old) => old.slice(0, -1));
  const push = (next: PaletteStep) => setSteps((old) => [...old, next]);
  const done = () => onOpenChange(false);
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-50 bg-black/40 data-[state=open]:animate-in data-[state=open]:fade-in-0" />
        <Radix.Content
          aria-describedby={undefined}
          onEscapeKeyDown={(event) => {
            if (!step) return;
            event.preventDefault();
            back();
          }}
          className="fixed top-[12vh] left-1/2 z-50 w-[calc(100vw-1.5rem)] max-w-xl -translate-x-1/2 overflow-hidden rounded-xl border bg-surface shadow-pop outline-none data-[state=open]:animate-in data-[state=open]:fade-in-0 data-[state=open]:zoom-in-98"
        >
          <Radix.Title className="sr-only">{step?.title ?? "Search"}</Radix.Title>
          {step ? (
            <StepList key={steps.length} step={step} onBack={back} onStep={push} onDone={done} />
          ) : (
            <PaletteSearch {...props} onStep={push} onDone={done} />
          )}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
