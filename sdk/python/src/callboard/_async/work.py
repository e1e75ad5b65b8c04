"""Runs a worker."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from .._worker.engine import Handler, Worker
from .._worker.options import WorkerOptions
from .base import AsyncRequests

if TYPE_CHECKING:
    from .client import AsyncClient


class AsyncWork(AsyncRequests):
    """The worker."""

    async def work(
        self,
        handler: Handler,
        *,
        workflow: str | None = None,
        types: Sequence[str] | None = None,
        concurrency: int = 1,
        lease_seconds: float = 60.0,
        name: str | None = None,
        poll_seconds: float = 15.0,
        grace_seconds: float = 10.0,
        drain: bool = False,
        stop: asyncio.Event | None = None,
    ) -> None:
        """Claims jobs and runs the handler for each, until `stop` is set.

        The handler is called with an `AsyncJob`. What it returns, a dict or None, is the job's result. If it raises,
        the attempt fails, and the job is retried while it has attempts left; `JobFailed` chooses the reason and whether
        to retry. If the job is cancelled or its lease is lost, the handler's task is cancelled. A job runs at least
        once: after the loss of a worker another one starts it again.

        Heartbeats need the event loop: a handler that computes for long must do it on a thread.

        Args:
            handler: An async function.
            workflow: Claim only jobs of this workflow, by id or name. Defaults to all that the key may write in.
            types: Claim only jobs of these types.
            concurrency: Jobs at once.
            lease_seconds: A job is given to another worker after so long without a heartbeat, 5 to 3600.
            name: The name that boards show. Defaults to host and process.
            poll_seconds: The interval of claims that no event triggers.
            grace_seconds: How long a handler may go on after it was asked to end.
            drain: Return when no job is ready.
            stop: Set it to stop: running handlers may go on for `grace_seconds`, then their jobs are released.
                Cancelling the task of `work` has the same effect.

        Raises:
            RefusedError: The credential or the workflow is not accepted.

        Example::

            async def handle(job):
                await job.progress(50, "halfway")
                return {"answer": 42}

            await client.work(handle, workflow="Bicycle shop", types=["task"], concurrency=4)
        """
        options = WorkerOptions(
            workflow=workflow,
            types=types,
            concurrency=concurrency,
            lease_seconds=lease_seconds,
            poll_seconds=poll_seconds,
            grace_seconds=grace_seconds,
            drain=drain,
            **({} if name is None else {"name": name}),
        )
        worker = Worker(cast("AsyncClient", self), handler, options)
        running = asyncio.create_task(worker.run())
        stopped = asyncio.create_task((stop or asyncio.Event()).wait())
        try:
            await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
            worker.stop()
            await asyncio.shield(running)
        except asyncio.CancelledError:
            worker.stop()
            await asyncio.gather(running, return_exceptions=True)
            raise
        finally:
            stopped.cancel()
