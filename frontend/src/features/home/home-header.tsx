import { BellOff, BellRing, CheckCheck, ChevronDown } from "lucide-react";
import type { Home } from "@/api/types";
import { Button } from "@/ui/button";
import { Menu, MenuCheckboxItem, MenuLabel, MenuSeparator } from "@/ui/menu";
import { toast } from "@/ui/toast";
import { Tooltip } from "@/ui/tooltip";
import { notifyState, setNotify, useNotifyState } from "./notify";
import { countOfAttention, formatCount } from "./sections";

interface Props {
  home: Home;
  workflowId: string | undefined;
  onFilter: (workflowId: string | undefined) => void;
  onMarkAll: () => void;
  /** Whether there is anything to mark as seen. */
  canMark: boolean;
}

export function HomeTools({ home, workflowId, onFilter, onMarkAll, canMark }: Props) {
  return (
    <div className="flex flex-wrap items-center gap-2">
      {(home.workflows.length > 1 || workflowId) && (
        <WorkflowFilter home={home} workflowId={workflowId} onFilter={onFilter} />
      )}
      <NotifyButton />
      <Button onClick={onMarkAll} disabled={!canMark}>
        <CheckCheck /> Mark all as seen
      </Button>
    </div>
  );
}

function WorkflowFilter({ home, workflowId, onFilter }: Pick<Props, "home" | "workflowId" | "onFilter">) {
  const chosen = home.workflows.find(({ workflow_id }) => workflow_id === workflowId);
  return (
    <Menu
      align="end"
      trigger={
        <Button variant="ghost" className="min-w-0 max-w-56">
          <span dir="auto" className="truncate">
            {workflowId ? (chosen?.name ?? "Workflow") : "All workflows"}
          </span>
          <ChevronDown />
        </Button>
      }
    >
      <MenuLabel>Show</MenuLabel>
      <MenuCheckboxItem checked={!workflowId} onCheckedChange={() => onFilter(undefined)}>
        All workflows
      </MenuCheckboxItem>
      <MenuSeparator />
      {home.workflows.map(({ workflow_id: id, name, counts }) => {
        const count = countOfAttention(counts);
        return (
          <MenuCheckboxItem key={id} checked={id === workflowId} onCheckedChange={() => onFilter(id)}>
            <span dir="auto" className="max-w-56 truncate">
              {name}
            </span>
            {count > 0 && (
              <span className="tabular ml-auto pl-3 text-muted-foreground text-xs">{formatCount(count)}</span>
            )}
          </MenuCheckboxItem>
        );
      })}
    </Menu>
  );
}

/** Notifications of the browser are asked for by this button only. */
function NotifyButton() {
  const state = useNotifyState();
  if (state === "unsupported") return null;
  const isOn = state === "on";
  const toggle = async () => {
    await setNotify(!isOn);
    if (!isOn && notifyState() === "blocked") {
      toast.error("Your browser blocks notifications", { description: "Allow them in the settings of this site." });
    }
  };
  const label = isOn ? "Turn off notifications" : "Turn on notifications";
  return (
    <Tooltip
      label={
        state === "blocked"
          ? "Your browser blocks notifications. Allow them in the settings of this site."
          : isOn
            ? "This browser notifies you of what needs you."
            : "Be notified by this browser of what needs you."
      }
    >
      <Button
        variant="ghost"
        size="icon"
        aria-label={label}
        aria-pressed={isOn}
        aria-disabled={state === "blocked" || undefined}
        onClick={() => state !== "blocked" && void toggle()}
      >
        {isOn ? <BellRing /> : <BellOff />}
      </Button>
    </Tooltip>
  );
}
