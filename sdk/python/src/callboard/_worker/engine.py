"""Claims jobs and runs a handler for each."""

from __future__ import annotations

import asyncio
import logging
import random
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from .. import types
from ..errors import CallboardError, RefusedError
from ..updates import Event, Snapshot
from .job import AsyncJob
from .lease import Lease
from .options import JobFailed, JobInterrupted, WorkerOptions

if TYPE_CHECKING:
    from .._async.client import AsyncClient

logger = logging.getLogger("callboard.worker")

Handler: TypeAlias = Callable[[AsyncJob], Awaitable[Mapping[str, Any] | None]]

LAST_CLAIM_TIMEOUT = 5.0
"""How long a stopping worker waits for the answer to its last claim, in seconds."""
MAX_ROOMS = 50
# Any other event may make a job ready: a moved ticket, an answer, a change of the board.
IRRELEVANT = (
    "job_progress",
    "job_message",
    "job_stage",
    "usage_",
    "comment_",
    "commit_",
    "activity",
    "ticket_progress",
)


class Worker:
    """A worker; `run` ends when it is stopped, or with `drain` when no job is ready."""

    def __init__(self, client: AsyncClient, handler: Handler, options: WorkerOptions) -> None:
        self._client = client
        self._handler = handler
        self._options = options
        self._stopping = asyncio.Event()
        self._wake_up = asyncio.Event()
        self._leases: dict[str, Lease] = {}
        self._running: set[asyncio.Task[None]] = set()

    def stop(self) -> None:
        """Claims no more jobs; running handlers may go on for `grace_seconds`, then their jobs are released."""
        self._stopping.set()

    async def run(self) -> None:
        """Runs until the end."""
        workflow = await self._find_workflow()
        if self._stopping.is_set():
            return
        follower = asyncio.create_task(self._follow_events(workflow))
        try:
            await self._claim_jobs(workflow)
        finally:
            follower.cancel()
            await asyncio.gather(follower, *self._running, return_exceptions=True)

    async def _find_workflow(self) -> str | None:
        """The id of the worker's workflow. Waits for a server that is unavailable, unless draining."""
        name = self._options.workflow
        while name is not None and not self._stopping.is_set():
            try:
                return (await self._client.find_workflow(name))["id"]
            except CallboardError as error:
                if not error.temporary or self._options.drain:
                    raise
                logger.warning("The worker waits for the server: %s", error)
            await self._stopped_within(2)
        return None

    async def _claim_jobs(self, workflow: str | None) -> None:
        """Claims jobs while slots are free. If none is ready, waits for an event or for the poll interval."""
        key, sent_at = "", 0.0
        while not self._stopping.is_set():
            if len(self._running) >= self._options.concurrency:
                await self._any(*self._running)
                continue
            # A lease that an earlier claim may have taken is left to expire.
            if not key or time.monotonic() - sent_at > self._options.lease_seconds / 2:
                key, sent_at = str(uuid.uuid4()), time.monotonic()
            self._wake_up.clear()
            unknown = False
            try:
                claimed = await self._claim(workflow, key)
            except CallboardError as error:
                # While it is unknown whether a job was claimed, the same claim is repeated.
                unknown = error.outcome != "not_done"
                if error.code == "lease_lost":
                    logger.warning("The lease of a claim whose answer was lost has expired.")
                elif error.temporary and not self._options.drain:
                    logger.warning("Claiming a job failed and is repeated: %s", error)
                else:
                    raise
                claimed = None
            if not unknown:
                key = ""
            if claimed is not None:
                self._start(claimed, sent_at)
                continue
            if self._options.drain and not self._running:
                return
            poll = 0.5 if unknown or self._options.drain else self._options.poll_seconds
            await self._any(self._wake_up.wait(), *self._running, timeout=poll * random.uniform(0.9, 1.1))

    async def _claim(self, workflow: str | None, key: str) -> types.ClaimedJob | None:
        """Claims a job; None if none is ready."""
        types_ = self._options.types
        body = {
            "workflow_id": workflow,
            "job_types": list(types_) if types_ else None,
            "worker": self._options.name,
            "lease_seconds": self._options.lease_seconds,
        }
        given = {name: value for name, value in body.items() if value is not None}
        claim = asyncio.ensure_future(self._client.request("POST", "/api/jobs/claim", json=given, idempotency_key=key))
        try:
            await self._any(claim)
            # A claim in flight may still succeed; its job is released then.
            await asyncio.wait({claim}, timeout=LAST_CLAIM_TIMEOUT)
            if not claim.done():
                return None
            claimed = cast(types.ClaimedJob, claim.result())
        finally:
            claim.cancel()
        return claimed if claimed.get("job") and claimed.get("lease_token") else None

    def _start(self, claimed: types.ClaimedJob, claimed_at: float) -> None:
        """Starts the work on a claimed job."""
        raw, token = claimed.get("job"), claimed.get("lease_token")
        assert raw is not None
        assert token is not None
        lease = Lease(self._client, raw["id"], token, claimed_at, self._options.lease_seconds)
        self._leases[raw["id"]] = lease
        task = asyncio.create_task(self._work(AsyncJob(self._client, raw, lease), lease))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _work(self, job: AsyncJob, lease: Lease) -> None:
        """Works on a job from its claim to its end."""
        logger.info("Job %s claimed: %s", job.id, job.title)
        lease.start()
        handler = None
        try:
            # Fetches what people answered in earlier attempts.
            await lease.heartbeat_now()
            job.answers = tuple(lease.decisions)
            if not self._stopping.is_set() and lease.interruption is None:
                handler = asyncio.ensure_future(_call(self._handler, job))
                await self._until_ended(handler, lease)
            await self._report(job, lease, handler)
        except JobInterrupted:
            logger.warning("The lease of job %s was lost.", job.id)
        except CallboardError as error:
            logger.error("The outcome of job %s could not be reported: %s", job.id, error)
        finally:
            await lease.end()
            self._leases.pop(job.id, None)
        if handler is not None and not handler.done():
            logger.warning("The handler of job %s goes on although it was asked to end.", job.id)
            # It keeps its slot until it ends, unless the worker does.
            await self._any(handler)

    async def _until_ended(self, handler: asyncio.Future[Any], lease: Lease) -> None:
        """Waits for the handler, and interrupts it on a cancellation, a lost lease, or the end of the worker."""
        grace = self._options.grace_seconds
        await self._any(handler, lease.interrupted.wait())
        if not handler.done() and lease.interruption is None:
            # The worker is stopping.
            await _first(handler, lease.interrupted.wait(), timeout=grace)
            if not handler.done():
                lease.interrupt("stopped")
        if not handler.done():
            handler.cancel()
            await asyncio.wait({handler}, timeout=grace)

    async def _report(self, job: AsyncJob, lease: Lease, handler: asyncio.Future[Any] | None) -> None:
        """Reports the outcome, repeated until it is answered or the lease is lost."""
        error = _error(handler)
        if job.ended or lease.lost:
            if lease.lost:
                logger.warning("The lease of job %s was lost; its handler was stopped.", job.id)
            return
        if lease.interruption == "cancelled":
            await job.confirm_cancelled()
            logger.info("Job %s cancelled.", job.id)
        elif handler is None or not handler.done() or handler.cancelled() or isinstance(error, JobInterrupted):
            await job.release(f"The worker {self._options.name} was stopped.")
            logger.info("Job %s released.", job.id)
        elif isinstance(error, JobFailed):
            await job.fail(error.error, retry=error.retry)
            logger.warning("Job %s failed: %s", job.id, error.error)
        elif error is not None:
            logger.error("The handler of job %s failed.", job.id, exc_info=error)
            await job.fail(f"{type(error).__name__}: {error}")
        else:
            await self._complete(job, lease, handler.result())

    async def _complete(self, job: AsyncJob, lease: Lease, result: Any) -> None:
        """Completes a job whose handler has returned, once it is not paused."""
        if result is not None and not isinstance(result, Mapping):
            await job.fail(f"The handler returned {type(result).__name__}, not a dict or None.", retry=False)
            logger.error("The handler of job %s returned %s, not a dict or None.", job.id, type(result).__name__)
            return
        await self._any(lease.running.wait(), lease.interrupted.wait())
        if lease.interruption == "cancelled":
            await job.confirm_cancelled()
        elif lease.interruption is None and lease.running.is_set():
            try:
                await job.complete(result)
            except (RefusedError, TypeError, ValueError) as error:
                # Such as a result that is too large, or no JSON.
                logger.error("Job %s could not be completed: %s", job.id, error)
                await job.fail(f"The job could not be completed: {error}")
            else:
                logger.info("Job %s completed.", job.id)
        elif not lease.lost:
            await job.release(f"The worker {self._options.name} was stopped.")

    async def _follow_events(self, workflow: str | None) -> None:
        """Wakes up the claims, and the heartbeats of jobs with events, so that changes take effect at once."""
        try:
            if workflow is not None:
                workflows = [workflow]
            else:
                workflows = [one["id"] async for one in self._client.workflows()][:MAX_ROOMS]
        except CallboardError as error:
            logger.warning("New jobs are found by polling only: %s", error)
            return
        await asyncio.gather(*(self._follow(one) for one in workflows))

    async def _follow(self, workflow: str) -> None:
        try:
            since = await self._client.end_of_stream(workflow)
        except CallboardError:
            since = None
        try:
            async with self._client.watch(f"workflow:{workflow}", since) as room:
                async for update in room:
                    if isinstance(update, Event):
                        if update.type.startswith(IRRELEVANT):
                            continue
                        lease = self._leases.get(update.job_id or "")
                        if lease is not None:
                            lease.wake()
                    elif isinstance(update, Snapshot):
                        continue
                    else:
                        for lease in self._leases.values():
                            lease.wake()
                    self._wake_up.set()
        except CallboardError as error:
            logger.warning("The events of workflow %s cannot be followed: %s", workflow, error)

    async def _any(self, *waits: Awaitable[Any], timeout: float | None = None) -> None:
        """Waits for the first of these, or until the worker is stopped."""
        await _first(self._stopping.wait(), *waits, timeout=timeout)

    async def _stopped_within(self, seconds: float) -> None:
        await _first(self._stopping.wait(), timeout=seconds)


async def _first(*waits: Awaitable[Any], timeout: float | None = None) -> None:
    """Waits for the first of these. Coroutines that are not done are cancelled, tasks and futures are not."""
    futures = [(asyncio.ensure_future(one), asyncio.iscoroutine(one)) for one in waits]
    try:
        await asyncio.wait([future for future, _ in futures], timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for future, is_own in futures:
            if is_own:
                future.cancel()


async def _call(handler: Handler, job: AsyncJob) -> Mapping[str, Any] | None:
    return await handler(job)


def _error(handler: asyncio.Future[Any] | None) -> BaseException | None:
    """What the handler raised."""
    if handler is None or not handler.done() or handler.cancelled():
        return None
    return handler.exception()
