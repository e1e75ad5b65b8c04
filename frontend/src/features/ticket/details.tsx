import type { ReactNode } from "react";
import type { Actor, NameOf } from "@/api/hooks";
import type { Priority, TicketDetail } from "@/api/types";
import { Avatar } from "@/entities/actor/avatar";
import { Usage } from "@/entities/job/usage";
import { todayIn } from "@/entities/ticket/due";
import { PRIORITIES, PRIORITY_NAMES, PriorityIcon } from "@/entities/ticket/priority-icon";
import type { BoardState } from "@/live/state/board";
import { cssColor } from "@/ui/color";
import { NativeSelect } from "@/ui/field";
import { formatDuration, formatUpcoming, TimeAgo } from "@/ui/time";
import { NumberBox } from "./number-box";
import { DueDate, MilestoneChoice } from "./plan";
import { Relations } from "./relations";
import { TagsEditor } from "./tags-editor";
import type { TicketChanges } from "./use-ticket";

interface Props {
  ticket: TicketDetail;
  board: BoardState;
  actors: readonly Actor[];
  nameOf: NameOf;
  editable: boolean;
  update: (changes: TicketChanges) => Promise<boolean>;
  run: <T>(what: string, request: () => Promise<T>) => Promise<T | null>;
  onMove: (to: string) => void;
  onOpen: (ticketId: string) => void;
}

export function Details(props: Props) {
  const { ticket, board, actors, nameOf, editable, update, onMove } = props;
  const { columns, ticket_types, settings } = board.config;
  const column = columns.find(({ id }) => id === ticket.status);
  const assignee = ticket.assigned_agent_id;
  const people = assignee && !actors.some(({ id }) => id === assignee) ? [...actors, nameOf(assignee)] : actors;
  const today = todayIn(board.workflow.time_zone);
  const place = `ticket.${ticket.ticket_id}`;
  const creator = nameOf(ticket.created_by_agent_id);
  return (
    <aside
      aria-label="Details"
      className="border-t bg-sunken/60 border-b px-5 py-4 md:row-span-2 md:border-y-0 md:border-l md:px-4"
    >
      <dl className="grid grid-cols-[5.5rem_minmax(0,1fr)] items-center gap-x-2 gap-y-0.5">
        <Row
          name="Status"
          icon={<span className="size-2.5 rounded-full" style={{ backgroundColor: cssColor(column?.color) }} />}
        >
          <NativeSelect
            quiet
            aria-label="Status"
            value={ticket.status}
            disabled={!editable}
            onChange={(event) => onMove(event.target.value)}
          >
            {columns.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </NativeSelect>
        </Row>
        <Row name="Priority" icon={<PriorityIcon priority={ticket.priority} className="size-3.5" />}>
          <NativeSelect
            quiet
            aria-label="Priority"
            value={ticket.priority}
            disabled={!editable}
            onChange={(event) => void update({ priority: event.target.value as Priority })}
          >
            {PRIORITIES.map((priority) => (
              <option key={priority} value={priority}>
                {PRIORITY_NAMES[priority]}
              </option>
            ))}
          </NativeSelect>
        </Row>
        <Row name="Type">
          <NativeSelect
            quiet
            aria-label="Type"
            value={ticket.ticket_type}
            disabled={!editable}
            onChange={(event) => void update({ ticket_type: event.target.value })}
          >
            {ticket_types.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </NativeSelect>
        </Row>
        <Row name="Assignee" icon={assignee ? <Avatar {...nameOf(assignee)} /> : undefined}>
          <NativeSelect
            quiet
            aria-label="Assignee"
            value={assignee ?? ""}
            disabled={!editable}
            onChange={(event) => void update({ assigned_agent_id: event.target.value || null })}
          >
            <option value="">Unassigned</option>
            {people.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </NativeSelect>
        </Row>
        {ticket.claim?.lease_expires_at && (
          <Row name="Claimed">
            <span className="text-xs">until {formatUpcoming(ticket.claim.lease_expires_at)}</span>
          </Row>
        )}
        <Row name="Points">
          <NumberBox
            label="Story points"
            value={ticket.story_points}
            editable={editable}
            place={`${place}.points`}
            onSave={(story_points) => update({ story_points })}
          />
        </Row>
        <Row name="Due">
          <DueDate ticket={ticket} today={today} editable={editable} onSave={(due_on) => update({ due_on })} />
        </Row>
        {(board.milestones.size > 0 || ticket.milestone_id) && (
          <Row name="Milestone">
            <MilestoneChoice
              ticket={ticket}
              milestones={board.milestones}
              today={today}
              editable={editable}
              onSave={(milestone_id) => void update({ milestone_id })}
            />
          </Row>
        )}
        {(settings.track_time || ticket.estimate_minutes !== null || Boolean(ticket.spent_minutes)) && (
          <>
            <Row name="Estimate">
              <NumberBox
                label="Estimate in minutes"
                unit="min"
                value={ticket.estimate_minutes}
                editable={editable}
                place={`${place}.estimate`}
                onSave={(estimate_minutes) => update({ estimate_minutes })}
              />
            </Row>
            <Row name="Spent">
              <NumberBox
                label="Time spent in minutes"
                unit="min"
                value={ticket.spent_minutes || null}
                editable={editable}
                place={`${place}.spent`}
                onSave={(minutes) => update({ spent_minutes: minutes ?? 0 })}
              />
            </Row>
            {ticket.estimate_minutes !== null && (
              <Row name="Remaining">
                <span className="px-2.5">
                  {formatDuration(Math.max(0, ticket.estimate_minutes - (ticket.spent_minutes ?? 0)))}
                </span>
              </Row>
            )}
          </>
        )}
        {ticket.usage?.reported && (
          <Row name="Usage">
            <span className="block px-2.5 py-1.5 text-xs">
              <Usage usage={ticket.usage} />
            </span>
          </Row>
        )}
        <Row name="Created by" icon={<Avatar {...creator} />}>
          <span dir="auto" className="block truncate px-2.5 py-1.5" title={creator.name}>
            {creator.name}
          </span>
        </Row>
        <Row name="Created">
          <TimeAgo at={ticket.created_at} className="px-2.5 py-1.5" />
        </Row>
        <Row name="Updated">
          <TimeAgo at={ticket.updated_at} className="px-2.5 py-1.5" />
        </Row>
      </dl>
      <TagsEditor
        ticketId={ticket.ticket_id}
        tags={ticket.tags}
        editable={editable}
        onSave={(tags) => update({ tags })}
      />
      <Relations {...props} />
    </aside>
  );
}

function Row({ name, icon, children }: { name: string; icon?: ReactNode; children: ReactNode }) {
  return (
    <>
      <dt className="flex items-center gap-1.5 text-muted-foreground text-xs">{name}</dt>
      <dd className="flex min-w-0 items-center gap-0.5">
        <span className="grid w-5 shrink-0 place-items-center">{icon}</span>
        <span className="min-w-0 flex-1">{children}</span>
      </dd>
    </>
  );
}
