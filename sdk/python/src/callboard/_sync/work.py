"""Runs a worker."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from .._worker.options import WorkerOptions
from .._worker.threads import SyncHandler, ThreadedWorker
from .base import Requests

if TYPE_CHECKING:
    from .._async.client import AsyncClient
    from .client import Client


class Work(Requests):
    """The worker."""

    def work(
        self,
        handler: SyncHandler,
        *,
        workflow: str | None = None,
        types: Sequence[str] | None = None,
        concurrency: int = 1,
        lease_seconds: float = 60.0,
        name: str | None = None,
        poll_seconds: float = 15.0,
        grace_seconds: float = 10.0,
        drain: bool = False,
        stop: threading.Event | None = None,
    ) -> None:
        """Claims jobs and runs the handler for each on a thread of its own, until `stop` is set.

        The handler is called with a `Job`. What it returns, a dict or None, is the job's result. If it raises, the
        attempt fails, and the job is retried while it has attempts left; `JobFailed` chooses the reason and whether to
        retry. A thread cannot be stopped: if the job is cancelled or its lease is lost, `job.cancelled` is set and
        `job.check()` raises `JobInterrupted`, so call it often. A job runs at least once: after the loss of a worker
        another one starts it again. Heartbeats are sent on a thread of the worker.

        Args:
            handler: A function.
            workflow: Claim only jobs of this workflow, by id or name. Defaults to all that the key may write in.
            types: Claim only jobs of these types.
            concurrency: Jobs at once.
            lease_seconds: A job is given to another worker after so long without a heartbeat, 5 to 3600.
            name: The name that boards show. Defaults to host and process.
            poll_seconds: The interval of claims that no event triggers.
            grace_seconds: How long a handler may go on after it was asked to end.
            drain: Return when no job is ready.
            stop: Set it to stop: running handlers may go on for `grace_seconds`, then their jobs are released.
                Ctrl-c has the same effect.

        Raises:
            RefusedError: The credential or the workflow is not accepted.

        Example::

            stop = threading.Event()
            signal.signal(signal.SIGTERM, lambda *_: stop.set())

            def handle(job):
                for part in parts:
                    job.check()
                    job.message(f"part {part}")
                return {"answer": 42}

            client.work(handle, workflow="Bicycle shop", concurrency=4, stop=stop)
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
        ThreadedWorker(cast("Client", self), self._async_client, handler, options).run(stop)

    def _async_client(self) -> AsyncClient:
        """An asynchronous client with the same settings and credential."""
        from .._async import compat
        from .._async.client import AsyncClient
        from .._async.sending import Sender

        twin = AsyncClient.__new__(AsyncClient)
        twin._sender = Sender(self._settings, self._sender.credential, compat.http_client(self._settings))
        return twin
