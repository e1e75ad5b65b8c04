import { useEffect } from "react";
import { explain } from "@/api";
import { useActors } from "@/api/hooks";
import { NewTicketDialog } from "@/features/board/new-ticket-dialog";
import { useBoardShape } from "@/live/context";
import { toast } from "@/ui/toast";

interface Props {
  workflowId: string;
  onClose: () => void;
  onCreated: (ticketId: string) => void;
}

/** The form of a new ticket, on any page. */
export function CreateTicket({ workflowId, onClose, onCreated }: Props) {
  const { shape, error } = useBoardShape(workflowId);
  const { actors } = useActors(workflowId);
  useEffect(() => {
    if (!error || shape) return;
    toast.error("Could not load the board", { description: explain(error) });
    onClose();
  }, [error, shape, onClose]);
  if (!shape) return null;
  return (
    <NewTicketDialog
      workflowId={workflowId}
      config={shape.config}
      people={actors}
      column={shape.config.initial_status}
      onClose={onClose}
      onCreated={onCreated}
    />
  );
}
