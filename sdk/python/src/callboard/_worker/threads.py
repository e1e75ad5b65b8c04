"""Runs a worker whose handlers are synchronous: its event loop and each handler have a thread of their own."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from .. import types
from .engine import Worker
from .job import AsyncJob, JobFields
from .options import Interruption, JobInterrupted, WorkerOptions

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .._async.client import AsyncClient
    from .._sync.client import Client

T = TypeVar("T")

SyncHandler: TypeAlias = Callable[["Job"], Mapping[str, Any] | None]


class Job(JobFields):
    """A claimed job. Its methods write under its lease and are repeated until they are answered.

    They raise `JobInterrupted` once the lease is lost, and `RefusedError` if the server refuses the write. They can be
    called on any thread.
    """

    def __init__(self, client: Client, job: AsyncJob, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(job.raw)
        self.client = client
        """The worker's client."""
        self.answers = job.answers
        """The questions of this job that people decided in earlier attempts, newest first."""
        self.cancelled = threading.Event()
        """Set when the handler must end; `interruption` says why. Check it often, or call `check`."""
        self._job = job
        self._loop = loop

    @property
    def interruption(self) -> Interruption | None:
        """Why the handler must end: `cancelled`, `lease_lost` or `stopped`; else None."""
        return self._job.interruption

    @property
    def paused(self) -> bool:
        """Whether the job is paused, or waits for people."""
        return self._job.paused

    def check(self) -> None:
        """Waits while the job is paused. Raises `JobInterrupted` if the handler must end."""
        self._run(self._job.check())

    def progress(self, percent: float | None = None, message: str | None = None) -> None:
        """Reports progress: a percentage from 0 to 100, and a text of at most 2,000 characters."""
        self._run(self._job.progress(percent, message))

    def message(
        self,
        content: str,
        *,
        kind: types.MessageKind = "log",
        level: types.Level | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Adds a message to the transcript: a line of a `log`, a `step`, or `chat` for people."""
        self._run(self._job.message(content, kind=kind, level=level, metadata=metadata))

    def messages(self, messages: Sequence[types.NewMessage]) -> None:
        """Adds several messages, in requests of at most 100."""
        self._run(self._job.messages(messages))

    def enter_stage(self, stage: str, message: str | None = None) -> types.StageEntered:
        """Enters a stage; the job's ticket moves to the column of that name, if there is one."""
        return self._run(self._job.enter_stage(stage, message))

    def ask(
        self,
        question: str,
        options: Sequence[str] | None = None,
        *,
        context: str | None = None,
        expires_in_seconds: int | None = None,
    ) -> types.Approval:
        """Asks people and waits for the decision; see `AsyncJob.ask`."""
        asking = self._job.ask(question, options, context=context, expires_in_seconds=expires_in_seconds)
        return self._run(asking)

    def report_usage(self, **usage: Unpack[types.ReportUsage]) -> types.UsageReported:
        """Reports what a model used in this attempt; see `AsyncJob.report_usage`."""
        return self._run(self._job.report_usage(**usage))

    def complete(
        self,
        result: Mapping[str, Any] | None = None,
        *,
        resolution_comment: str | None = None,
        commit_sha: str | None = None,
        commit_message: str | None = None,
    ) -> types.JobCompleted:
        """Completes the job, which resolves its ticket and links the commit. A handler that returns does it too."""
        completing = self._job.complete(
            result, resolution_comment=resolution_comment, commit_sha=commit_sha, commit_message=commit_message
        )
        return self._run(completing)

    def fail(self, error: str, *, retry: bool = True) -> types.JobFailed:
        """Fails this attempt. With `retry`, the job is tried again after a while, if it has attempts left."""
        return self._run(self._job.fail(error, retry=retry))

    def release(self, reason: str | None = None) -> None:
        """Returns the job to the queue; the attempt does not count."""
        self._run(self._job.release(reason))

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        if self._loop.is_running():
            with contextlib.suppress(concurrent.futures.CancelledError):
                return asyncio.run_coroutine_threadsafe(work, self._loop).result()
        # The worker has ended before this thread.
        work.close()
        raise JobInterrupted(self.interruption or "stopped")


class ThreadedWorker:
    """A worker on a thread of its own."""

    def __init__(
        self, client: Client, make_client: Callable[[], AsyncClient], handler: SyncHandler, options: WorkerOptions
    ) -> None:
        self._client = client
        self._make_client = make_client
        self._handler = handler
        self._options = options
        self._loop: asyncio.AbstractEventLoop | None = None
        self._worker: Worker | None = None
        self._started = threading.Event()
        self._ended = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="callboard-worker", daemon=True)

    def run(self, stop: threading.Event | None) -> None:
        """Runs until the worker ends, `stop` is set, or the thread is interrupted by ctrl-c."""
        self._thread.start()
        try:
            # Not `join`, which can take a thread for ended when ctrl-c interrupts it.
            while not self._ended.wait(0.1):
                if stop is not None and stop.is_set():
                    self._stop()
        except BaseException:
            self._stop()
            self._ended.wait()
            raise
        if self._error is not None:
            raise self._error

    def _stop(self) -> None:
        self._started.wait()
        if self._worker is not None and self._loop is not None:
            # The loop may have ended meanwhile.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._worker.stop)

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:
            self._error = error
        finally:
            self._started.set()
            self._ended.set()

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with self._make_client() as client:
            self._worker = Worker(client, self._call, self._options)
            self._started.set()
            await self._worker.run()

    async def _call(self, job: AsyncJob) -> Mapping[str, Any] | None:
        """Calls the handler on a thread, which may outlive this call if it ignores that it must end."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[Mapping[str, Any] | None] = loop.create_future()
        mine = Job(self._client, job, loop)

        def finish(result: Mapping[str, Any] | None, error: BaseException | None) -> None:
            if not ended.done():
                ended.set_exception(error) if error else ended.set_result(result)

        def call() -> None:
            result: Mapping[str, Any] | None = None
            error: BaseException | None = None
            try:
                result = self._handler(mine)
            except StopIteration as raised:
                error = RuntimeError("the handler raised StopIteration")
                error.__cause__ = raised
            except BaseException as raised:
                error = raised
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(finish, result, error)

        threading.Thread(target=call, name=f"callboard-job-{job.id}", daemon=True).start()
        signal = asyncio.ensure_future(job.cancelled.wait())
        signal.add_done_callback(lambda waited: None if waited.cancelled() else mine.cancelled.set())
        try:
            return await asyncio.shield(ended)
        except asyncio.CancelledError:
            # The thread cannot be cancelled: this waits for it, and the worker decides how long.
            mine.cancelled.set()
            return await asyncio.shield(ended)
        finally:
            signal.cancel()
