import { useNavigate, useParams } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "@/ui/button";
import { lazyPart } from "@/ui/lazy-part";
import { whenIdle } from "@/ui/load-part";
import { Kbd } from "@/ui/states";
import { TypedAhead } from "@/ui/typed-ahead";
import { useShortcuts } from "@/ui/use-shortcuts";

const AppPalette = lazyPart(async () => (await import("./palette/app-palette")).AppPalette, <TypedAhead />);
const CreateTicket = lazyPart(async () => (await import("./palette/create-ticket")).CreateTicket, <TypedAhead />);

/** The command palette and its button in the header. */
export function PaletteHost() {
  const { workflowId, ticketId } = useParams({ strict: false }) as { workflowId?: string; ticketId?: string };
  /** The ticket that it acts on; null while it is closed. */
  const [opened, setOpened] = useState<{ ticketId: string | undefined } | null>(null);
  const [createIn, setCreateIn] = useState<string | null>(null);
  const navigate = useNavigate();
  const open = () => setOpened({ ticketId: ticketId ?? selectedTicket() });

  useEffect(() => whenIdle(() => void AppPalette.preload()), []);
  useShortcuts({
    "Mod+k": {
      label: "Search and run commands",
      group: "Everywhere",
      everywhere: true,
      run: (event) => {
        event.preventDefault();
        if (opened) setOpened(null);
        else open();
      },
    },
  });
  return (
    <>
      <Button variant="ghost" className="gap-2" aria-label="Search" aria-keyshortcuts="Control+K Meta+K" onClick={open}>
        <Search />
        <span className="hidden md:inline">Search</span>
        <span className="hidden md:inline" aria-hidden="true">
          <Kbd>Ctrl K</Kbd>
        </span>
      </Button>
      {opened && (
        <AppPalette
          workflowId={workflowId}
          ticketId={opened.ticketId}
          onCreate={setCreateIn}
          onClose={() => setOpened(null)}
        />
      )}
      {createIn !== null && (
        <CreateTicket
          workflowId={createIn}
          onClose={() => setCreateIn(null)}
          onCreated={(id) =>
            void navigate({
              to: "/w/$workflowId/t/$ticketId",
              params: { workflowId: createIn, ticketId: id },
              search: {},
            })
          }
        />
      )}
    </>
  );
}

/** The ticket whose card, row or search result has the focus. */
function selectedTicket(): string | undefined {
  const focused = document.activeElement?.closest<HTMLElement>("[data-ticket], [data-result]");
  const { ticket, result } =
    (focused ?? document.querySelector<HTMLElement>("[data-result][aria-selected=true]"))?.dataset ?? {};
  return ticket ?? result;
}
