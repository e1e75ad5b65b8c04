/** The parts of menus. `menu.tsx` loads them after the first page. */
import { Check } from "lucide-react";
import { DropdownMenu as Radix } from "radix-ui";
import type { ComponentProps, ReactNode } from "react";
import { cn } from "./cn";

const panel =
  "scroll-thin z-58 max-h-(--radix-dropdown-menu-content-available-height) min-w-44 overflow-y-auto rounded-lg border bg-surface p-1 shadow-pop data-[state=open]:animate-in data-[state=open]:fade-in-0 data-[state=open]:zoom-in-98";
const row =
  "flex cursor-pointer select-none items-center gap-2 rounded-md px-2 py-1.5 outline-none data-[highlighted]:bg-muted data-[disabled]:cursor-default data-[disabled]:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0";

type ContentProps = Omit<ComponentProps<typeof Radix.Content>, "className">;

export function MenuPanel({ children, align = "end", ...props }: ContentProps) {
  return (
    <Radix.Portal>
      <Radix.Content align={align} sideOffset={4} collisionPadding={8} className={panel} {...props}>
        {children}
      </Radix.Content>
    </Radix.Portal>
  );
}

export function Menu({ trigger, openAtOnce, ...props }: { trigger: ReactNode; openAtOnce: boolean } & ContentProps) {
  return (
    <Radix.Root modal={false} defaultOpen={openAtOnce}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <MenuPanel {...props} />
    </Radix.Root>
  );
}

export function MenuItem({ className, danger, ...props }: ComponentProps<typeof Radix.Item> & { danger?: boolean }) {
  return <Radix.Item className={cn(row, danger && "text-danger", className)} {...props} />;
}

export function MenuCheckboxItem({ children, checked, ...props }: ComponentProps<typeof Radix.CheckboxItem>) {
  return (
    <Radix.CheckboxItem checked={checked} className={cn(row, "pr-8 relative")} {...props}>
      {children}
      <Radix.ItemIndicator className="absolute right-2">
        <Check className="text-accent-foreground" />
      </Radix.ItemIndicator>
    </Radix.CheckboxItem>
  );
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <Radix.Label className="px-2 pt-1.5 pb-1 font-medium text-2xs text-muted-foreground">{children}</Radix.Label>;
}

export function MenuSeparator() {
  return <Radix.Separator className="-mx-1 my-1 h-px bg-border" />;
}

export function SubMenu({ label, children }: { label: ReactNode; children: ReactNode }) {
  return (
    <Radix.Sub>
      <Radix.SubTrigger className={cn(row, "data-[state=open]:bg-muted")}>{label}</Radix.SubTrigger>
      <Radix.Portal>
        <Radix.SubContent sideOffset={4} collisionPadding={8} className={panel}>
          {children}
        </Radix.SubContent>
      </Radix.Portal>
    </Radix.Sub>
  );
}
