import { type FormEvent, useState } from "react";
import type { Actor } from "@/api/hooks";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Field, NativeSelect } from "@/ui/field";
import { plural } from "@/ui/plural";
import type { Lane } from "./lanes";

interface Props {
  lanes: readonly Lane[];
  actors: readonly Actor[];
  onReassign: (to: string | null, name: string) => void;
  onClose: () => void;
}

export function ReassignDialog({ lanes, actors, onReassign, onClose }: Props) {
  const tickets = lanes.flatMap(({ ticket }) => (ticket ? [ticket] : []));
  const [only] = tickets;
  const [to, setTo] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onReassign(to || null, actors.find(({ id }) => id === to)?.name ?? "nobody");
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={tickets.length === 1 && only ? `Reassign ${only.key}` : `Reassign ${plural(tickets.length, "ticket")}`}
      description="A running job goes on. Cancel it if its worker is to stop."
    >
      <form onSubmit={submit}>
        <Field label="Assignee">
          {(control) => (
            <NativeSelect {...control} className="w-full" value={to} onChange={({ target }) => setTo(target.value)}>
              <option value="">Unassigned</option>
              {actors.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </NativeSelect>
          )}
        </Field>
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary">
            Reassign
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
