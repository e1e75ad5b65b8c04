import { Link, useNavigate } from "@tanstack/react-router";
import { Bot, type LucideIcon, SquarePen, UserPlus } from "lucide-react";
import type { ReactNode } from "react";
import type { Workflow } from "@/api/types";
import { canEdit } from "@/live/state/board";
import { Kbd } from "@/ui/states";
import { useShortcuts } from "@/ui/use-shortcuts";

interface Props {
  workflow: Workflow;
  onNew: () => void;
}

/** What to do on a board without tickets. It goes as soon as somebody creates one. */
export function EmptyBoard({ workflow, onNew }: Props) {
  const editable = canEdit(workflow);
  const owner = workflow.role === "owner" && !workflow.archived_at;
  const navigate = useNavigate();
  const params = { workflowId: workflow.id };
  useShortcuts({
    a: {
      label: "Connect an agent",
      group: "Board",
      when: owner,
      run: () => void navigate({ to: "/w/$workflowId/agents/new", params }),
    },
    i: {
      label: "Invite people",
      group: "Board",
      when: owner,
      run: () => void navigate({ to: "/w/$workflowId/settings", params, hash: "invitations" }),
    },
  });
  return (
    <div className="pointer-events-none absolute inset-x-0 top-52 grid place-items-center px-3">
      <section
        aria-labelledby="empty-board"
        className="pointer-events-auto w-full max-w-md rounded-xl border bg-surface p-2 shadow-pop"
      >
        <div className="px-3 pt-3 pb-2">
          <h2 id="empty-board" className="font-semibold text-sm">
            No tickets yet
          </h2>
          <p className="text-muted-foreground">Tickets created by people and agents appear here in real time.</p>
        </div>
        {editable && (
          <ul>
            <li>
              <button type="button" onClick={onNew} className={rowClass}>
                <Row icon={SquarePen} name="Create the first ticket" shortcut="N">
                  What is to be done, by you or by an agent.
                </Row>
              </button>
            </li>
            {owner && (
              <>
                <li>
                  <Link to="/w/$workflowId/agents/new" params={params} className={rowClass}>
                    <Row icon={Bot} name="Connect an agent" shortcut="A">
                      Claude Code, Codex, Cursor or your own program.
                    </Row>
                  </Link>
                </li>
                <li>
                  <Link to="/w/$workflowId/settings" params={params} hash="invitations" className={rowClass}>
                    <Row icon={UserPlus} name="Invite people" shortcut="I">
                      A link brings them to this board, also without an account.
                    </Row>
                  </Link>
                </li>
              </>
            )}
          </ul>
        )}
        {editable && owner && (
          <p className="px-3 pt-1 pb-2 text-muted-foreground text-xs">
            Or{" "}
            <Link to="/w/$workflowId/import" params={params} className="underline underline-offset-2">
              import tickets
            </Link>{" "}
            from another tracker.
          </p>
        )}
      </section>
    </div>
  );
}

const rowClass = "flex w-full items-center gap-3 rounded-lg px-3 py-2 text-left hover:bg-muted";

interface RowProps {
  icon: LucideIcon;
  name: string;
  shortcut: string;
  children: ReactNode;
}

function Row({ icon: Icon, name, shortcut, children }: RowProps) {
  return (
    <>
      <Icon className="size-4 shrink-0 text-muted-foreground" aria-hidden="true" />
      <span className="min-w-0 flex-1">
        <span className="block font-medium">{name}</span>
        <span className="block text-muted-foreground text-xs">{children}</span>
      </span>
      <span className="pointer-coarse:hidden" aria-hidden="true">
        <Kbd>{shortcut}</Kbd>
      </span>
    </>
  );
}
