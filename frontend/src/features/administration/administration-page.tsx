import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useMe } from "@/api/hooks";
import { Empty } from "@/ui/states";
import { useTitle } from "@/ui/use-title";

const PAGES = [
  { name: "People", path: "/settings/people" },
  { name: "Agents and keys", path: "/settings/agents" },
  { name: "Webhooks", path: "/settings/webhooks" },
  { name: "Security events", path: "/settings/security" },
  { name: "Server", path: "/settings/server" },
] as const;

const tabClass =
  "rounded-md px-2.5 py-1.5 text-muted-foreground hover:bg-muted hover:text-foreground aria-[current=page]:bg-muted aria-[current=page]:font-medium aria-[current=page]:text-foreground";

/** The frame of the pages for administrators. */
export function AdministrationPage({ title, children }: { title: string; children: ReactNode }) {
  const me = useMe();
  useTitle(title);
  return (
    <div className="scroll-thin flex-1 overflow-y-auto">
      <div className="mx-auto grid w-full max-w-4xl grid-cols-[minmax(0,1fr)] gap-6 px-4 pt-6 pb-24">
        <div className="grid gap-3">
          <h1 className="font-semibold text-lg tracking-tight">Administration</h1>
          {me?.is_admin && (
            <nav aria-label="Administration" className="flex flex-wrap gap-1 border-b pb-2">
              {PAGES.map(({ name, path }) => (
                <Link key={path} to={path} className={tabClass} activeProps={{ "aria-current": "page" }}>
                  {name}
                </Link>
              ))}
            </nav>
          )}
        </div>
        {me?.is_admin ? (
          children
        ) : (
          <Empty title="For administrators">
            These pages show the whole server. Ask an administrator, or look at the settings of your workflows.
          </Empty>
        )}
      </div>
    </div>
  );
}
