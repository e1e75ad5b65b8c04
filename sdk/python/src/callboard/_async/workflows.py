"""Workflows and their boards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from .. import types
from .._core import requests
from .._core.settings import path_segment
from ..errors import RefusedError
from ..updates import Cursor
from .base import AsyncRequests

if TYPE_CHECKING:
    from typing_extensions import Unpack


class AsyncWorkflows(AsyncRequests):
    """Methods for workflows."""

    async def create_workflow(
        self, *, idempotency_key: str | None = None, **workflow: Unpack[types.CreateWorkflow]
    ) -> types.Workflow:
        """Creates a workflow with its board.

        Example::

            workflow = await client.create_workflow(name="Bicycle shop", template="sdlc")
        """
        return cast(types.Workflow, await self._post("/api/workflows", workflow, idempotency_key))

    async def get_workflow(self, workflow_id: str) -> types.Workflow:
        """A workflow with its board's settings."""
        return cast(types.Workflow, await self._get(f"/api/workflows/{path_segment(workflow_id)}"))

    def workflows(self, *, page_size: int = 100) -> AsyncIterator[types.Workflow]:
        """Iterates over the workflows that the caller is a member of."""
        return self.pages("/api/workflows", "workflows", page_size=page_size)

    async def find_workflow(self, name: str) -> types.Workflow:
        """Finds a workflow by its id or name. Raises `RefusedError` with the status 404 if there is none."""
        try:
            return await self.get_workflow(name)
        except RefusedError as error:
            if error.problem.status not in (404, 422):
                raise
            async for workflow in self.workflows():
                if workflow["name"] == name:
                    return workflow
            raise

    async def board(self, workflow_id: str) -> dict[str, Any]:
        """The board as dashboards draw it: its settings, and its tickets with the last 200 of each done column."""
        return cast(dict[str, Any], await self._get(f"/api/board/{path_segment(workflow_id)}"))

    async def reports(self) -> list[types.ReportDefinition]:
        """The reports that there are, with their parameters and columns."""
        return cast(types.Reports, await self._get("/api/reports"))["reports"]

    async def report(
        self,
        name: str,
        workflow_id: str,
        *,
        first_day: str | None = None,
        last_day: str | None = None,
        tz: str | None = None,
        unit: str | None = None,
        group: str | None = None,
        milestone: str | None = None,
        limit: int | None = None,
    ) -> types.Report:
        """A report of a workflow: its columns, its rows, and the SQL that finds them.

        Example::

            report = await client.report("throughput", workflow["id"], first_day="2026-01-05", unit="week")
        """
        query = {
            "workflow_id": workflow_id,
            "from": first_day,
            "to": last_day,
            "tz": tz,
            "unit": unit,
            "group": group,
            "milestone": milestone,
            "limit": limit,
        }
        return cast(types.Report, await self._get(f"/api/reports/{path_segment(name)}", query))

    async def board_at(self, workflow_id: str, at: str | datetime) -> dict[str, Any]:
        """The board as it was at a time, in the same shape, with `at`."""
        query = {"at": requests.time_text(at)}
        return cast(dict[str, Any], await self._get(f"/api/board/{path_segment(workflow_id)}", query))

    async def board_changes(
        self, workflow_id: str, from_time: str | datetime, to_time: str | datetime | None = None
    ) -> types.BoardChanges:
        """How the board changed from one time to another, or to now.

        Lists the tickets that came, left, or have other values, each field with its `old_value` and `new_value`.
        """
        query = {"from": requests.time_text(from_time)}
        if to_time is not None:
            query["to"] = requests.time_text(to_time)
        path = f"/api/board/{path_segment(workflow_id)}/changes"
        return cast(types.BoardChanges, await self._get(path, query))

    async def milestones(self, workflow_id: str, *, include_closed: bool = True) -> list[types.Milestone]:
        """The milestones of a workflow: the open ones first, those that are due first."""
        path = f"/api/workflows/{path_segment(workflow_id)}/milestones"
        return cast(types.MilestoneList, await self._get(path, {"include_closed": include_closed}))["milestones"]

    async def get_milestone(self, milestone_id: str) -> types.Milestone:
        """A milestone, and how far it is."""
        return cast(types.Milestone, await self._get(f"/api/milestones/{path_segment(milestone_id)}"))

    async def create_milestone(
        self, workflow_id: str, *, idempotency_key: str | None = None, **milestone: Unpack[types.CreateMilestone]
    ) -> types.Milestone:
        """Creates a milestone. Tickets are put in it with `milestone_id`, its id or name.

        Example::

            await client.create_milestone(workflow, name="Beta", starts_on="2026-01-05", due_on="2026-01-31")
        """
        path = f"/api/workflows/{path_segment(workflow_id)}/milestones"
        return cast(types.Milestone, await self._post(path, milestone, idempotency_key))

    async def update_milestone(
        self, milestone_id: str, *, idempotency_key: str | None = None, **changes: Unpack[types.UpdateMilestone]
    ) -> types.Milestone:
        """Changes fields of a milestone; `is_closed` closes and reopens it. None clears a day."""
        path = f"/api/milestones/{path_segment(milestone_id)}"
        # Not self._write, because None means something here.
        answer = await self.request("PATCH", path, json=changes, idempotency_key=idempotency_key)
        return cast(types.Milestone, requests.object_of(answer))

    async def delete_milestone(
        self, milestone_id: str, *, idempotency_key: str | None = None
    ) -> types.MilestoneDeleted:
        """Deletes a milestone; its tickets leave it. Needs an owner."""
        path = f"/api/milestones/{path_segment(milestone_id)}"
        return cast(types.MilestoneDeleted, await self._write("DELETE", path, None, idempotency_key))

    async def members(self, workflow_id: str) -> types.MemberList:
        """The members of a workflow and their roles."""
        return cast(types.MemberList, await self._get(f"/api/workflows/{path_segment(workflow_id)}/members"))

    async def end_of_stream(self, workflow_id: str) -> Cursor:
        """The cursor at the end of a workflow's stream; a watch from there yields only what happens later."""
        path = f"/api/workflows/{path_segment(workflow_id)}/events"
        try:
            page = await self._get(path, {"since": 0, "limit": 1})
        except RefusedError as error:
            if error.code != "resync":
                raise
            # If the first events were pruned, the problem carries the end of the stream.
            page = dict(error.problem.extra)
        return Cursor(requests.member(page, "epoch", str), requests.member(page, "last_seq", int))
