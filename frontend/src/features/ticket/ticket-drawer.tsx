interface Props {
  workflowId: string;
  ticketId: string;
  onOpen: (ticketId: string) => void;
  onClose: () => void;
}
export function TicketDrawer({ ticketId, onClose }: Props) {
  return (
    <aside>
      {ticketId}
      <button type="button" onClick={onClose}>
        Close
      </button>
    </aside>
  );
}
