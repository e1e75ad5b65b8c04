"""A round trip with the client that is generated for Python; tests/clients/run.mjs runs it."""

import os

from callboard_client import AuthenticatedClient
from callboard_client.api.compatibility import list_staged_tickets
from callboard_client.api.tickets import create_ticket, get_ticket, list_tickets, update_ticket
from callboard_client.models import CreateTicket, TicketUpdates, UpdateTicket

client = AuthenticatedClient(base_url=os.environ["CALLBOARD_URL"], token=os.environ["CALLBOARD_TOKEN"])
workflow = os.environ["CALLBOARD_WORKFLOW"]

ids = []
for title in ["First by Python", "Second by Python"]:
    body = CreateTicket(
        workflow_id=workflow, title=title, description="A generated client wrote it.", story_points=3, tags=["py"]
    )
    ids.append(create_ticket.sync(client=client, body=body).ticket_id)
# What an update does not name stays.
changed = UpdateTicket(ticket_id=ids[0], updates=TicketUpdates(title="Renamed"))
assert update_ticket.sync(client=client, body=changed).fields_updated == ["title"]
read = get_ticket.sync(ids[0], client=client)
assert (read.title, read.story_points, read.tags) == ("Renamed", 3, ["py"]), read

seen, cursor = [], None
while True:
    more = {"cursor": cursor} if cursor else {}
    page = list_tickets.sync(client=client, workflow_id=workflow, tags="py", limit=1, **more)
    seen += [ticket.ticket_id for ticket in page.tickets]
    cursor = page.next_cursor
    if not cursor:
        break
assert sorted(seen) == sorted(ids), seen
staged = list_staged_tickets.sync(client=client, workflow_id=workflow)
assert staged[0].stage == staged[0].status
assert get_ticket.sync("ticket-none", client=client).code == "not_found"
print("ok: Python client")
