"""Workflows and their boards."""

from __future__ import annotations

from collections.abc import AsyncIterator
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
            "limit": limit,
        }
        return cast(types.Report, await self._get(f"/api/reports/{path_segment(name)}", query))

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
