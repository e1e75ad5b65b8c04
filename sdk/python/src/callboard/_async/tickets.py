"""Tickets and search."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, cast

from .. import types
from .._core.settings import path_segment
from .base import AsyncRequests

if TYPE_CHECKING:
    from typing_extensions import Unpack


class AsyncTickets(AsyncRequests):
    """Methods for tickets. Keyword arguments are the fields of the request; `callboard.types` describes them."""

    async def create_ticket(
        self, *, idempotency_key: str | None = None, **ticket: Unpack[types.CreateTicket]
    ) -> types.Created:
        """Creates a ticket.

        Example::

            ticket = await client.create_ticket(workflow_id=workflow, title="Login fails", priority="high")
            print(ticket["key"], ticket["similar_tickets"])
        """
        return cast(types.Created, await self._post("/api/tickets/create", ticket, idempotency_key))

    async def update_ticket(
        self, *, idempotency_key: str | None = None, **change: Unpack[types.UpdateTicket]
    ) -> types.Updated:
        """Changes fields of a ticket. In `updates`, None clears a field.

        With `version`, the change is refused with the status 409 if the ticket has changed since.

        Example::

            await client.update_ticket(ticket_id=ticket, version=3, updates={"assigned_agent_id": None})
        """
        return cast(types.Updated, await self._post("/api/tickets/update", change, idempotency_key))

    async def move_ticket(
        self, *, idempotency_key: str | None = None, **move: Unpack[types.ChangeStatus]
    ) -> types.StatusChanged:
        """Moves a ticket to another column, its `new_status`.

        A blocked ticket stays; the answer then has `blocked` and `blocking_ticket_ids`.
        """
        return cast(types.StatusChanged, await self._post("/api/tickets/change-status", move, idempotency_key))

    async def comment(
        self, *, idempotency_key: str | None = None, **comment: Unpack[types.AddComment]
    ) -> types.Commented:
        """Comments on a ticket: `ticket_id`, and `comment_text` in Markdown."""
        return cast(types.Commented, await self._post("/api/tickets/comment", comment, idempotency_key))

    async def resolve_ticket(
        self, *, idempotency_key: str | None = None, **resolution: Unpack[types.ResolveTicket]
    ) -> types.Resolved:
        """Resolves a ticket, which releases the tickets that it blocks."""
        return cast(types.Resolved, await self._post("/api/tickets/resolve", resolution, idempotency_key))

    async def claim_ticket(self, *, idempotency_key: str | None = None, **claim: Unpack[types.Claim]) -> types.Claimed:
        """Claims the next ready ticket of a workflow; `ticket` is None if there is none.

        A claim that is repeated with the same key returns the same ticket.
        """
        return cast(types.Claimed, await self._post("/api/tickets/claim", claim, idempotency_key))

    async def set_blockers(
        self, *, idempotency_key: str | None = None, **blockers: Unpack[types.SetBlockers]
    ) -> types.BlockersSet:
        """Sets the tickets that block a ticket."""
        return cast(types.BlockersSet, await self._post("/api/tickets/set-blockers", blockers, idempotency_key))

    async def link_commit(
        self, *, idempotency_key: str | None = None, **commit: Unpack[types.LinkCommit]
    ) -> types.CommitLinked:
        """Links a commit to a ticket."""
        return cast(types.CommitLinked, await self._post("/api/tickets/link-commit", commit, idempotency_key))

    async def search(self, **search: Unpack[types.SearchTickets]) -> types.SearchAnswer:
        """Searches tickets by keyword, by meaning or both (`search_type`).

        Example::

            found = await client.search(workflow_id=workflow, query="session ends early", limit=5)
            print([result["title"] for result in found["results"]])
        """
        return cast(types.SearchAnswer, await self._post("/api/tickets/search", search, None))

    async def get_ticket(self, ticket: str, workflow_id: str | None = None) -> types.TicketDetail:
        """A ticket by its id, or by its key (`TKT-1`) in a workflow."""
        path = f"/api/tickets/{path_segment(ticket)}"
        return cast(types.TicketDetail, await self._get(path, {"workflow_id": workflow_id}))

    def tickets(self, *, page_size: int = 100, **filters: Unpack[types.ListTicketsQuery]) -> AsyncIterator[types.Card]:
        """Iterates over tickets, page by page.

        Example::

            async for ticket in client.tickets(workflow_id=workflow, status=["todo", "in_progress"]):
                print(ticket["key"], ticket["title"])
        """
        return self.pages("/api/tickets", "tickets", filters, page_size=page_size)

    def ticket_comments(self, ticket_id: str, *, page_size: int = 100) -> AsyncIterator[types.Comment]:
        """Iterates over the comments of a ticket, newest page first."""
        return self.pages(f"/api/tickets/{path_segment(ticket_id)}/comments", "comments", page_size=page_size)

    def ticket_history(self, ticket_id: str, *, page_size: int = 100) -> AsyncIterator[types.HistoryEntry]:
        """Iterates over the changes of a ticket, newest page first."""
        return self.pages(f"/api/tickets/{path_segment(ticket_id)}/history", "history", page_size=page_size)

    async def delete_ticket(self, ticket_id: str, *, idempotency_key: str | None = None) -> types.Done:
        """Deletes a ticket; it can be restored."""
        path = f"/api/tickets/{path_segment(ticket_id)}"
        return cast(types.Done, await self._write("DELETE", path, None, idempotency_key))

    async def restore_ticket(self, ticket_id: str, *, idempotency_key: str | None = None) -> types.Done:
        """Restores a deleted ticket."""
        path = f"/api/tickets/{path_segment(ticket_id)}/restore"
        return cast(types.Done, await self._post(path, {}, idempotency_key))
