import type { ReactNode } from "react";
import { Logo } from "@/ui/logo";
import { useTitle } from "@/ui/use-title";

interface Props {
  title: string;
  intro?: ReactNode;
  children: ReactNode;
  footer?: ReactNode;
}

/** The frame of the pages outside of the dashboard: a title over a narrow column. */
export function AuthPage({ title, intro, children, footer }: Props) {
  useTitle(title);
  return (
    <main className="grid min-h-full place-items-center px-4 py-10">
      <div className="w-full max-w-sm">
        <div className="mb-6 flex flex-col items-center gap-3 text-center">
          <Logo className="size-10" />
          <h1 className="text-balance font-semibold text-lg tracking-tight [overflow-wrap:anywhere]">{title}</h1>
          {intro && <div className="text-balance text-muted-foreground [overflow-wrap:anywhere]">{intro}</div>}
        </div>
        {children}
        {footer && <div className="mt-4 text-center text-muted-foreground">{footer}</div>}
      </div>
    </main>
  );
}

export const authLinkClass = "text-accent-foreground underline underline-offset-4";
