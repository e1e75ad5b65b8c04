"""Milestones, due dates and boards of the past on a real server, with both flavors."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from callboard import RefusedError
from conftest import Board
from flavors import Flavor
from harness import Server


def test_milestones_and_boards_of_the_past(server: Server, flavor: Flavor, board: Board) -> None:
    with flavor.client(server.url, key=board.key) as client:
        made = client.create_milestone(board.id, name="Beta", starts_on="2026-01-05", due_on="2026-01-31")
        milestone = made["milestone_id"]
        ticket = client.create_ticket(
            workflow_id=board.id, title="Sign the contract", due_on="2026-01-20", milestone_id="beta"
        )["ticket_id"]
        assert [one["key"] for one in client.tickets(workflow_id=board.id, milestone_id="Beta", overdue=True)]
        assert client.get_milestone(milestone)["ticket_count"] == 1
        before = client.get_ticket(ticket)["updated_at"]
        client.update_ticket(ticket_id=ticket, updates={"due_on": None})
        assert client.update_milestone(milestone, due_on=None, is_closed=True).get("due_on") is None
        assert client.milestones(board.id, include_closed=False) == []
        assert [one["name"] for one in client.milestones(board.id)] == ["Beta"]
        then = datetime.fromisoformat(before.replace("Z", "+00:00"))
        past = client.board_at(board.id, then)
        assert [one["due_on"] for one in past["tickets"]] == ["2026-01-20"]
        changes = client.board_changes(board.id, before)
        assert changes["tickets"][0]["fields"]["due_on"] == {"old_value": "2026-01-20", "new_value": None}
        assert client.board_changes(board.id, then, then)["tickets"] == []
        with pytest.raises(RefusedError) as refused:
            client.create_milestone(board.id, name="beta")
        assert refused.value.problem.status == 409
        with pytest.raises(ValueError, match="time zone"):
            client.board_at(board.id, datetime(2026, 1, 1))
        with pytest.raises(RefusedError):
            client.board_at(board.id, datetime(2001, 1, 1, tzinfo=timezone.utc))
        with pytest.raises(RefusedError) as refused:
            # The key belongs to a member, and only owners delete.
            client.delete_milestone(milestone)
        assert refused.value.problem.status == 403
