import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { ComponentProps, ReactNode } from "react";
import { Button } from "./button";
import { cn } from "./cn";
import { isComposing } from "./use-shortcuts";

interface Props {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: ReactNode;
  children: ReactNode;
  className?: string;
  /** Whether a click outside, Escape and a cross close it. Without them, its own buttons do. */
  dismissible?: boolean;
  onCloseAutoFocus?: ComponentProps<typeof Radix.Content>["onCloseAutoFocus"];
}

export function Dialog({
  open,
  onOpenChange,
  title,
  description,
  children,
  className,
  dismissible = true,
  onCloseAutoFocus,
}: Props) {
  const keepOpen = dismissible ? undefined : (event: Event) => event.preventDefault();
  const onEscape = (event: KeyboardEvent) => {
    // While an input method composes a word, Escape drops the word.
    if (!dismissible || isComposing(event)) event.preventDefault();
  };
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-50 bg-black/40 data-[state=closed]:animate-out data-[state=open]:animate-in data-[state=closed]:fade-out-0 data-[state=open]:fade-in-0" />
        <Radix.Content
          {...(description ? {} : { "aria-describedby": undefined })}
          onCloseAutoFocus={onCloseAutoFocus}
          onInteractOutside={keepOpen}
          onEscapeKeyDown={onEscape}
          onOpenAutoFocus={focusField}
          className={cn(
            "fixed top-[8vh] left-1/2 z-50 flex max-h-[84vh] w-[calc(100vw-1.5rem)] max-w-lg -translate-x-1/2 flex-col rounded-xl border bg-surface shadow-pop",
            "data-[state=closed]:animate-out data-[state=open]:animate-in data-[state=closed]:fade-out-0 data-[state=open]:fade-in-0 data-[state=open]:zoom-in-98",
            className,
          )}
        >
          <div className="flex items-start justify-between gap-4 px-5 pt-4 pb-3">
            <div className="grid gap-1">
              <Radix.Title className="font-semibold text-[0.95rem]">{title}</Radix.Title>
              {description && (
                <Radix.Description className="text-muted-foreground text-xs">{description}</Radix.Description>
              )}
            </div>
            {dismissible && (
              <Radix.Close asChild>
                <Button variant="ghost" size="icon-sm" aria-label="Close">
                  <X />
                </Button>
              </Radix.Close>
            )}
          </div>
          <div data-dialog-body className="scroll-thin min-h-0 overflow-y-auto px-5 pb-5">
            {children}
          </div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** Focuses the first field instead of the cross, which the first space typed would press. */
function focusField(event: Event): void {
  const content = event.currentTarget as HTMLElement | null;
  const field = content?.querySelector<HTMLElement>(
    "[data-dialog-body] :is(input, textarea, select):not(:disabled, [type=hidden])",
  );
  if (!field) return;
  event.preventDefault();
  field.focus();
}

export function DialogActions({ children }: { children: ReactNode }) {
  return <div className="mt-5 flex flex-wrap justify-end gap-2">{children}</div>;
}
