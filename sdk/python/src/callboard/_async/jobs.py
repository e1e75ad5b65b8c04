"""Jobs, their transcripts, and approvals: what people are asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Literal, cast

from .. import types
from .._core import requests
from .._core.settings import path_segment
from .base import AsyncRequests

if TYPE_CHECKING:
    from typing_extensions import Unpack


class AsyncJobs(AsyncRequests):
    """Methods for those who create jobs. Workers use `work`."""

    async def create_job(self, *, idempotency_key: str | None = None, **job: Unpack[types.CreateJob]) -> types.Job:
        """Creates a job for a ticket (`ticket_id`), or with a new one (`with_ticket`), as boards with tickets require.

        With `queue`, workers can claim it at once; else its prompt can still be edited.

        Example::

            job = await client.create_job(
                workflow_id=workflow, title="Measure it", initial_prompt="How long?", with_ticket=True, queue=True
            )
        """
        return cast(types.Job, await self._post("/api/jobs", job, idempotency_key))

    async def get_job(self, job_id: str) -> types.Job:
        """A job."""
        return cast(types.Job, await self._get(f"/api/jobs/{path_segment(job_id)}"))

    def jobs(self, *, page_size: int = 100, **filters: Unpack[types.ListJobsQuery]) -> AsyncIterator[types.Job]:
        """Iterates over jobs, newest first."""
        return self.pages("/api/jobs", "jobs", filters, page_size=page_size)

    async def act_on_job(
        self,
        job_id: str,
        action: Literal["continue", "pause", "resume", "retry", "cancel"],
        *,
        idempotency_key: str | None = None,
        **acting: Unpack[types.Acting],
    ) -> types.Job:
        """Applies an action to a job. `continue` queues one that is still being collected."""
        path = f"/api/jobs/{path_segment(job_id)}/{action}"
        return cast(types.Job, await self._post(path, acting, idempotency_key))

    async def job_messages(
        self, job_id: str, *, kind: str | None = None, after: int = 0, page_size: int = 100
    ) -> AsyncIterator[types.Message]:
        """Iterates over a job's transcript, from the message after the number `after` (its `order`).

        `kind` is `chat`, `step` or `log`, or several with commas.
        """
        while True:
            params = {"job_id": job_id, "kind": kind, "after": after, "limit": page_size}
            page = await self._get("/api/job-messages", params)
            messages = cast(list[types.Message], requests.member(page, "messages", list))
            for message in messages:
                after = message["order"]
                yield message
            if not messages or not page.get("has_more"):
                return

    async def post_job_message(
        self, *, idempotency_key: str | None = None, **message: Unpack[types.PostMessage]
    ) -> types.Message:
        """Adds a message to a transcript without holding the job's lease."""
        return cast(types.Message, await self._post("/api/job-messages", message, idempotency_key))


class AsyncUsage(AsyncRequests):
    """Methods to report what models cost, and to read it."""

    async def report_usage(
        self, job_id: str, *, idempotency_key: str | None = None, **usage: Unpack[types.ReportUsage]
    ) -> types.UsageReported:
        """Reports what a model used for a job. Leave out what is not known.

        With the `lease_token` of a claim, the report belongs to that attempt, also after its lease was lost. A repeated
        `report_id` is counted once.

        Example::

            await client.report_usage(job["id"], model="large-1", input_tokens=1200, cost="0.0125", currency="USD")
        """
        path = f"/api/jobs/{path_segment(job_id)}/usage"
        return cast(types.UsageReported, await self._post(path, {"source": "sdk", **usage}, idempotency_key))

    async def report_ticket_usage(
        self, ticket_id: str, *, idempotency_key: str | None = None, **usage: Unpack[types.ReportUsage]
    ) -> types.UsageReported:
        """Reports what a model used for a ticket without a job."""
        path = f"/api/tickets/{path_segment(ticket_id)}/usage"
        return cast(types.UsageReported, await self._post(path, {"source": "sdk", **usage}, idempotency_key))

    async def job_usage(self, job_id: str) -> types.JobUsage:
        """What a job used, by attempt and model. An attempt without a report has `reported` False."""
        return cast(types.JobUsage, await self._get(f"/api/jobs/{path_segment(job_id)}/usage"))

    async def ticket_usage(self, ticket_id: str) -> types.TicketUsage:
        """What was used for a ticket, by job and model."""
        return cast(types.TicketUsage, await self._get(f"/api/tickets/{path_segment(ticket_id)}/usage"))

    async def usage(self, **filters: Unpack[types.GetUsageQuery]) -> types.UsageSummary:
        """Usage in a range of days, added up by `group_by`.

        Example::

            await client.usage(workflow_id=workflow, group_by="agent", first_day="2026-01-01", last_day="2026-01-31")
        """
        return cast(types.UsageSummary, await self._get("/api/usage", dict(filters)))


class AsyncApprovals(AsyncRequests):
    """Methods to ask people, and to decide what was asked."""

    async def ask_people(
        self, *, idempotency_key: str | None = None, **question: Unpack[types.RequestApproval]
    ) -> types.Approval:
        """Asks people about a ticket, a job or a workflow; `get_approval` reads the decision.

        Example::

            asked = await client.ask_people(ticket_id=ticket, question="When?", options=["tonight", "tomorrow"])
            decided = await client.get_approval(asked["approval_id"], wait=30)
        """
        return cast(types.Approval, await self._post("/api/approvals", question, idempotency_key))

    async def get_approval(self, approval_id: str, *, wait: int | None = None) -> types.Approval:
        """An approval. With `wait`, the answer comes with the decision, or after so many seconds (at most 30)."""
        path = f"/api/approvals/{path_segment(approval_id)}"
        seconds = None if wait is None else max(0, min(wait, 30))
        timeout = None if seconds is None else self._settings.timeout + seconds
        return cast(types.Approval, await self._get(path, {"wait": seconds}, timeout))

    def approvals(
        self, *, page_size: int = 100, **filters: Unpack[types.ListApprovalsQuery]
    ) -> AsyncIterator[types.Approval]:
        """Iterates over approvals, newest first."""
        return self.pages("/api/approvals", "approvals", filters, page_size=page_size)

    async def decide_approval(
        self,
        approval_id: str,
        decision: Literal["approve", "reject", "answer"],
        *,
        idempotency_key: str | None = None,
        **reasons: Unpack[types.Decide],
    ) -> types.Approval:
        """Decides an approval, once; `answer` needs the `answer`. Keys need the scope `approve`."""
        path = f"/api/approvals/{path_segment(approval_id)}/{decision}"
        return cast(types.Approval, await self._post(path, reasons, idempotency_key))

    async def withdraw_approval(
        self, approval_id: str, *, idempotency_key: str | None = None, **reasons: Unpack[types.Withdraw]
    ) -> types.Approval:
        """Withdraws a question that was asked by the caller."""
        path = f"/api/approvals/{path_segment(approval_id)}/withdraw"
        return cast(types.Approval, await self._post(path, reasons, idempotency_key))
