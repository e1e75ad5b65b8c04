"""A claimed job, as its handler sees it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from .. import types
from ..errors import CallboardError
from .lease import Lease
from .options import Interruption, JobInterrupted

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .._async.client import AsyncClient

T = TypeVar("T")


class JobFields:
    """What a job says about itself."""

    def __init__(self, raw: types.Job) -> None:
        self.raw = raw
        """The job as it was claimed."""

    @property
    def id(self) -> str:
        """The id."""
        return self.raw["id"]

    @property
    def type(self) -> str:
        """The type, e.g. `task`."""
        return self.raw["job_type"]

    @property
    def title(self) -> str:
        """The title."""
        return self.raw["title"]

    @property
    def prompt(self) -> str:
        """What to do."""
        return self.raw["initial_prompt"]

    @property
    def payload(self) -> Mapping[str, Any]:
        """Further input."""
        return self.raw["payload"]

    @property
    def attempt(self) -> int:
        """The number of this attempt, from 1."""
        return self.raw["attempt"]

    @property
    def workflow_id(self) -> str:
        """The workflow."""
        return self.raw["workflow_id"]

    @property
    def ticket_id(self) -> str | None:
        """The ticket, if the job is for one."""
        return self.raw.get("ticket_id")

    @property
    def ticket_key(self) -> str | None:
        """The ticket's key, e.g. `TKT-1`."""
        return self.raw.get("ticket_key")

    @property
    def stages(self) -> Sequence[str]:
        """The stages that the job is to go through."""
        return self.raw["stages"]

    @property
    def stage(self) -> str | None:
        """The stage that an earlier attempt was in."""
        return self.raw.get("stage")


class AsyncJob(JobFields):
    """A claimed job. Its methods write under its lease and are repeated until they are answered.

    They raise `JobInterrupted` once the lease is lost, and `RefusedError` if the server refuses the write.
    """

    def __init__(self, client: AsyncClient, raw: types.Job, lease: Lease) -> None:
        super().__init__(raw)
        self.client = client
        """The worker's client."""
        self._lease = lease
        self._ended = False
        # What earlier attempts were answered.
        self.answers: Sequence[types.Approval] = ()
        """The questions of this job that people decided in earlier attempts, newest first."""

    @property
    def cancelled(self) -> asyncio.Event:
        """Set when the handler must end; `interruption` says why. Its task is cancelled too."""
        return self._lease.interrupted

    @property
    def interruption(self) -> Interruption | None:
        """Why the handler must end: `cancelled`, `lease_lost` or `stopped`; else None."""
        return self._lease.interruption

    @property
    def paused(self) -> bool:
        """Whether the job is paused, or waits for people."""
        return not self._lease.running.is_set()

    @property
    def ended(self) -> bool:
        """Whether the handler has completed, failed or released the job."""
        return self._ended

    async def check(self) -> None:
        """Waits while the job is paused. Raises `JobInterrupted` if the handler must end."""
        await self._unless_interrupted(self._lease.running.wait())

    async def progress(self, percent: float | None = None, message: str | None = None) -> None:
        """Reports progress: a percentage from 0 to 100, and a text of at most 2,000 characters."""
        body = {"progress": percent, "message": None if message is None else message[:2000]}
        await self._write("progress", body)

    async def message(
        self,
        content: str,
        *,
        kind: types.MessageKind = "log",
        level: types.Level | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Adds a message to the transcript: a line of a `log`, a `step`, or `chat` for people."""
        one: types.NewMessage = {"kind": kind, "content": content, "role": "agent"}
        if level is not None:
            one["level"] = level
        if metadata is not None:
            one["metadata"] = metadata
        await self.messages([one])

    async def messages(self, messages: Sequence[types.NewMessage]) -> None:
        """Adds several messages, in requests of at most 100."""
        for start in range(0, len(messages), 100):
            await self._write("messages", {"messages": list(messages[start : start + 100])})

    async def enter_stage(self, stage: str, message: str | None = None) -> types.StageEntered:
        """Enters a stage; the job's ticket moves to the column of that name, if there is one."""
        entered = await self._write("stage", {"stage": stage, "message": message})
        return cast(types.StageEntered, entered)

    async def ask(
        self,
        question: str,
        options: Sequence[str] | None = None,
        *,
        context: str | None = None,
        expires_in_seconds: int | None = None,
    ) -> types.Approval:
        """Asks people and waits for the decision; the job waits too.

        A question that an earlier attempt asked in the same words, and that was answered, is not asked again.

        Returns:
            The approval: `status` is `approved`, `rejected`, `answered`, `expired` or `withdrawn`; then `answer`.
        """
        for earlier in self.answers:
            if earlier["question"] == question and earlier["status"] in ("approved", "rejected", "answered"):
                return earlier
        body = {
            "job_id": self.id,
            "question": question,
            "options": None if options is None else list(options),
            "context": context,
            "expires_in_seconds": expires_in_seconds,
            "blocks_job": True,
        }
        asked = cast(types.Approval, await self._write_to("POST", "/api/approvals", body))
        await self._lease.heartbeat_now()
        decided = await self._unless_interrupted(self._decision(asked))
        await self._lease.heartbeat_now()
        return decided

    async def report_usage(self, **usage: Unpack[types.ReportUsage]) -> types.UsageReported:
        """Reports what a model used in this attempt. Leave out what is not known.

        It can also be called when the handler must end, because what was spent is spent.

        Example::

            await job.report_usage(model="large-1", input_tokens=1200, output_tokens=80, cost="0.0125", currency="USD")
        """
        given: types.ReportUsage = {**usage, "lease_token": self._lease.token}
        return await self.client.report_usage(self.id, **given)

    async def _decision(self, approval: types.Approval) -> types.Approval:
        while approval["status"] == "pending":
            try:
                approval = await self.client.get_approval(approval["approval_id"], wait=25)
            except CallboardError as error:
                if not error.temporary:
                    raise
                await asyncio.sleep(1)
        return approval

    async def complete(
        self,
        result: Mapping[str, Any] | None = None,
        *,
        resolution_comment: str | None = None,
        commit_sha: str | None = None,
        commit_message: str | None = None,
    ) -> types.JobCompleted:
        """Completes the job, which resolves its ticket and links the commit. A handler that returns does it too."""
        body = {
            "result": None if result is None else dict(result),
            "resolution_comment": resolution_comment,
            "commit_sha": commit_sha,
            "commit_message": commit_message,
        }
        return cast(types.JobCompleted, await self._end("complete", body))

    async def fail(self, error: str, *, retry: bool = True) -> types.JobFailed:
        """Fails this attempt. With `retry`, the job is tried again after a while, if it has attempts left."""
        return cast(types.JobFailed, await self._end("fail", {"error": error[:8000] or "failed", "retry": retry}))

    async def release(self, reason: str | None = None) -> None:
        """Returns the job to the queue; the attempt does not count."""
        await self._end("release", {"reason": reason})

    async def confirm_cancelled(self) -> None:
        """Confirms that the work on a cancelled job has ended. The worker does it after the handler."""
        await self._end("cancelled", {})

    async def _end(self, action: str, body: dict[str, Any]) -> Any:
        answer = await self._write(action, body)
        self._ended = True
        return answer

    async def _write(self, action: str, body: dict[str, Any]) -> Any:
        return await self._write_to("POST", self._lease.path(action), body)

    async def _write_to(self, method: str, path: str, body: dict[str, Any]) -> Any:
        if self._lease.lost:
            raise JobInterrupted("lease_lost")
        given = {name: value for name, value in body.items() if value is not None}
        given["lease_token"] = self._lease.token
        try:
            return await self._lease.write(method, path, given, str(uuid.uuid4()))
        except CallboardError as error:
            if self._lease.lost:
                raise JobInterrupted("lease_lost") from error
            raise

    async def _unless_interrupted(self, work: Awaitable[T]) -> T:
        """Waits for something, or raises as soon as the handler must end."""
        task = asyncio.ensure_future(work)
        interrupted = asyncio.ensure_future(self._lease.interrupted.wait())
        try:
            await asyncio.wait({task, interrupted}, return_when=asyncio.FIRST_COMPLETED)
            if self._lease.interruption is not None:
                raise JobInterrupted(self._lease.interruption)
            return await task
        finally:
            task.cancel()
            interrupted.cancel()
